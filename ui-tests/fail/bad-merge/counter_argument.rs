use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter(3))]
    visits: u64,
}

fn main() {}
