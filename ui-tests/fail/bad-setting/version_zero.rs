use session::Session;

#[derive(Session)]
#[session(version = 0)]
pub struct Shop {
    visits: u64,
}

fn main() {}
