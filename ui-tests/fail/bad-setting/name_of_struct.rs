use session::Session;

#[derive(Session)]
pub struct Größe {
    visits: u64,
}

fn main() {}
