use session::Session;

#[derive(Session)]
#[session(idle = "1y")]
pub struct Shop {
    visits: u64,
}

fn main() {}
