use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(counter)]
    visits: u64,
}

fn main() {}
