use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(survive = logout)]
    visits: u64,
}

fn main() {}
