use session::Session;

#[derive(Session)]
pub struct Shop {
    x: u64,
    #[session(accessor = x)]
    y: u64,
}

fn main() {}
