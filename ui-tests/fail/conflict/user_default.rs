use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user, default = Some(1))]
    user: Option<u8>,
}

fn main() {}
