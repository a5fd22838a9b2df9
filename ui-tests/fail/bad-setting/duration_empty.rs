use session::Session;

#[derive(Session)]
#[session(idle = "")]
pub struct Shop {
    visits: u64,
}

fn main() {}
