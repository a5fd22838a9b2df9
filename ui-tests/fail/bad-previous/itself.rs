use session::Session;

#[derive(Session)]
#[session(version = 2, previous = Shop)]
pub struct Shop {
    visits: u64,
}

fn main() {}
