use session::Session;

#[derive(Session)]
#[session(version = 2, min_reader = 3)]
pub struct Shop {
    visits: u64,
}

fn main() {}
