use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rotate, on_corrupt = "default")]
    admin: bool,
}

fn main() {}
