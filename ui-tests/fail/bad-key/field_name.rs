use session::Session;

#[derive(Session)]
pub struct Shop {
    _visits: u64,
    größe: u64,
}

fn main() {}
