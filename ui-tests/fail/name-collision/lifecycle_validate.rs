use session::Session;

#[derive(Session)]
pub struct Shop {
    validate: bool,
}

fn main() {}
