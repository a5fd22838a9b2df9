use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(was = "hit count")]
    visits: u64,
}

fn main() {}
