use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(since = 3)]
    visits: u64,
}

fn main() {}
