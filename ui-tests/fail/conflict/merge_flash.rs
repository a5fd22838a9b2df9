use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = max, flash)]
    notice: Option<u8>,
}

fn main() {}
