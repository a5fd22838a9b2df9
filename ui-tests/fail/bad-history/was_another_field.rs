use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    hits: u64,
    #[session(was = "hits")]
    visits: u64,
}

fn main() {}
