use session::Session;

#[derive(Session)]
#[session(crate = "my session")]
pub struct Shop {
    visits: u64,
}

fn main() {}
