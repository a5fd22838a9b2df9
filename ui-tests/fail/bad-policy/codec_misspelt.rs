use session::Session;

#[derive(Session)]
#[session(codec = postcart)]
pub struct Shop {
    visits: u64,
}

fn main() {}
