use session::Session;

#[derive(Session)]
#[session(idle = "-5m")]
pub struct Shop {
    visits: u64,
}

fn main() {}
