use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "v")]
    views: u64,
    #[session(key = "v")]
    visits: u64,
}

fn main() {}
