use session::Session;

#[derive(Session)]
#[session(name = 7)]
pub struct Shop {
    visits: u64,
}

fn main() {}
