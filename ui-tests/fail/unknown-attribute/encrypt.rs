use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(encrypt)]
    token: String,
}

fn main() {}
