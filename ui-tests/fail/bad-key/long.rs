use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    visits: u64,
}

fn main() {}
