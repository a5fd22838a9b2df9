use session::Session;

#[derive(Session)]
#[session(idle = "1d")]
pub struct Shop {
    visits: u64,
}

fn main() {}
