use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user, on_corrupt = "default")]
    user: Option<u64>,
}

fn main() {}
