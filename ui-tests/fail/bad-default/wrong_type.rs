use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default = "x")]
    page: u32,
}

fn main() {}
