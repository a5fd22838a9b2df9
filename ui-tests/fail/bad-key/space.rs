use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "a b")]
    visits: u64,
}

fn main() {}
