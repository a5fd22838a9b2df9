use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default = 1)]
    page: String,
}

fn main() {}
