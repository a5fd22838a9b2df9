use session::Session;

#[derive(Session)]
#[session(verison = 2)]
pub struct Shop {
    visits: u64,
}

fn main() {}
