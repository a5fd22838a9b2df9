use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user, flash)]
    user: Option<u8>,
}

fn main() {}
