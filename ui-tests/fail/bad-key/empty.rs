use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "")]
    visits: u64,
}

fn main() {}
