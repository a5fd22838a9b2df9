use session::Session;

#[derive(Session)]
#[session(name = "")]
pub struct Shop {
    visits: u64,
}

fn main() {}
