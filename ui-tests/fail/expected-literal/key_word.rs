use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(key = views)]
    visits: u64,
}

fn main() {}
