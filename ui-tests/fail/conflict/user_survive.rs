use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user, survive)]
    user: Option<u8>,
}

fn main() {}
