use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = log())]
    seen: Vec<u8>,
}

fn main() {}
