use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rotate, flash)]
    level: Option<u8>,
}

fn main() {}
