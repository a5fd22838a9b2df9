use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(version = 2)]
    visits: u64,
}

fn main() {}
