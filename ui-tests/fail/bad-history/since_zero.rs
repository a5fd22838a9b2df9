use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(since = 0)]
    visits: u64,
}

fn main() {}
