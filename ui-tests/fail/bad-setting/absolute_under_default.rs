use session::Session;

#[derive(Session)]
#[session(absolute = "10m")]
pub struct Shop {
    visits: u64,
}

fn main() {}
