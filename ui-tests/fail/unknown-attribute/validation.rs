use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(range(min = 1))]
    visits: u64,
}

fn main() {}
