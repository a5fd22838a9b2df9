use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "a@2")]
    visits: u64,
}

fn main() {}
