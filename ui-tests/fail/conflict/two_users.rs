use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
    #[session(user)]
    admin: Option<u64>,
}

fn main() {}
