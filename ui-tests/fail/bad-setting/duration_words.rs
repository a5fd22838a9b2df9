use session::Session;

#[derive(Session)]
#[session(idle = "15 minutes")]
pub struct Shop {
    visits: u64,
}

fn main() {}
