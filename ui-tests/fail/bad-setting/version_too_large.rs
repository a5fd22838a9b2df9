use session::Session;

#[derive(Session)]
#[session(version = 65536)]
pub struct Shop {
    visits: u64,
}

fn main() {}
