use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rotate, survive)]
    level: u8,
}

fn main() {}
