use session::Session;

#[derive(Session)]
#[session(absolute = "99999999999999999999d")]
pub struct Shop {
    visits: u64,
}

fn main() {}
