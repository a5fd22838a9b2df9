use session::Session;

#[derive(Session)]
#[session(version = 2)]
struct Shop {
    #[session(user, was = "old")]
    user: Option<u32>,
}

fn main() {}
