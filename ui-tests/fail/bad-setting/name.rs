use session::Session;

#[derive(Session)]
#[session(name = "My Shop")]
pub struct Shop {
    visits: u64,
}

fn main() {}
