use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(skip, was = "hits", since = 2)]
    visits: u64,
}

fn main() {}
