use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(was = "hits@2")]
    visits: u64,
}

fn main() {}
