use session::Session;

#[derive(Session)]
pub struct Shop {
    x_mut: u64,
    x: u64,
}

fn main() {}
