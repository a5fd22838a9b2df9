use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = log(50, 60))]
    seen: Vec<u8>,
}

fn main() {}
