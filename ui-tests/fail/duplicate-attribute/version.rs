use session::Session;

#[derive(Session)]
#[session(version = 1)]
#[session(version = 2)]
pub struct Shop {
    visits: u64,
}

fn main() {}
