use session::Session;

#[derive(Session)]
#[session(wibble = 3)]
pub struct Shop {
    visits: u64,
}

fn main() {}
