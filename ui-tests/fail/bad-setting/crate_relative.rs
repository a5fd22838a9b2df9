use session::Session;

#[derive(Session)]
#[session(crate = "session")]
pub struct Shop {
    visits: u64,
}

fn main() {}
