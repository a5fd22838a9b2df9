use session::Session;

#[derive(Session)]
#[session(version = 2 name = "shop")]
pub struct Shop {
    visits: u64,
}

fn main() {}
