use session::Session;

#[derive(Session)]
#[session(version = 2)]
struct Shop {
    #[session(rotate, was = "old")]
    admin: bool,
}

fn main() {}
