use session::Session;

#[derive(Session)]
pub struct Shop {
    x: u64,
    set_x: u64,
}

fn main() {}
