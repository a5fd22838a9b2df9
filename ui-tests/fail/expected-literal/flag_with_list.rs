use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rotate(always))]
    admin: bool,
}

fn main() {}
