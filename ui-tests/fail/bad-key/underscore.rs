use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = "_a")]
    visits: u64,
}

fn main() {}
