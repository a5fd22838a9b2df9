use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "visits")]
    views: u64,
    visits: u64,
}

fn main() {}
