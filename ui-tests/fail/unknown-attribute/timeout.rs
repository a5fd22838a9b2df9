use session::Session;

#[derive(Session)]
#[session(timeout = "30m")]
pub struct Shop {
    visits: u64,
}

fn main() {}
