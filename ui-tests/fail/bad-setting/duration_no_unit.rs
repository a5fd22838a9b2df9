use session::Session;

#[derive(Session)]
#[session(idle = "5")]
pub struct Shop {
    visits: u64,
}

fn main() {}
