use session::Session;

#[derive(Session)]
#[session(codec = msgpack)]
pub struct Shop {
    visits: u64,
}

fn main() {}
