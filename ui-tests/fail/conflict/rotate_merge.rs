use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rotate, merge = max)]
    level: u8,
}

fn main() {}
