use session::Session;

#[derive(Session)]
#[session(newer = "ignore")]
pub struct Shop {
    visits: u64,
}

fn main() {}
