use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = with)]
    seen: Vec<u8>,
}

fn main() {}
