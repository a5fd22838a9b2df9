use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(survive, survive = login)]
    visits: u64,
}

fn main() {}
