use session::Session;

#[derive(Session)]
#[session(newer = readonly)]
pub struct Shop {
    visits: u64,
}

fn main() {}
