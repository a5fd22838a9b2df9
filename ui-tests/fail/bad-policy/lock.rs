use session::Session;

#[derive(Session)]
#[session(lock = on)]
pub struct Shop {
    visits: u64,
}

fn main() {}
