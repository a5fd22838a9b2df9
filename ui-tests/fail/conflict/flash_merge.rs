use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(flash, merge = max)]
    notice: Option<u8>,
}

fn main() {}
