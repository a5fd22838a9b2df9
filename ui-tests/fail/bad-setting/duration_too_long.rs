use session::Session;

#[derive(Session)]
#[session(absolute = "401d")]
pub struct Shop {
    visits: u64,
}

fn main() {}
