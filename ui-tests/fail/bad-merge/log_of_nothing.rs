use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = log(0))]
    seen: Vec<u8>,
}

fn main() {}
