use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = couter)]
    visits: u64,
}

fn main() {}
