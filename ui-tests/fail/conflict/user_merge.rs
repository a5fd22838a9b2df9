use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user, merge = max)]
    user: Option<u8>,
}

fn main() {}
