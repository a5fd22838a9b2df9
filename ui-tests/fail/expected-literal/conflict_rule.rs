use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(conflict = "ignore")]
    visits: u64,
}

fn main() {}
