use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = union)]
    tags: Vec<u8>,
}

fn main() {}
