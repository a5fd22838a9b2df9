use session::Session;

#[derive(Session)]
#[session(idle = 30)]
pub struct Shop {
    visits: u64,
}

fn main() {}
