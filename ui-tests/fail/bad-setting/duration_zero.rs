use session::Session;

#[derive(Session)]
#[session(idle = "0s")]
pub struct Shop {
    visits: u64,
}

fn main() {}
