use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(was = "hits", was = "hits")]
    visits: u64,
}

fn main() {}
