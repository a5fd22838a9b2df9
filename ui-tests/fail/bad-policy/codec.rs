use session::Session;

#[derive(Session)]
#[session(codec = cbor)]
pub struct Shop {
    visits: u64,
}

fn main() {}
