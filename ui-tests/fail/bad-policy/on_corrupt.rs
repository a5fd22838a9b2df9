use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(on_corrupt = "ignore")]
    visits: u64,
}

fn main() {}
