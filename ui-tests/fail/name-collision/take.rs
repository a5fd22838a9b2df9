use session::Session;

#[derive(Session)]
pub struct Shop {
    x: Option<u64>,
    take_x: u64,
}

fn main() {}
