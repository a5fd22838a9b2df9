use session::Session;

#[derive(Session)]
#[session(codec = "json")]
pub struct Shop {
    visits: u64,
}

fn main() {}
