use session::Session;

#[derive(Session)]
pub struct Shop;

fn main() {}
