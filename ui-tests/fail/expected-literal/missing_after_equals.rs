use session::Session;

#[derive(Session)]
#[session(version = )]
pub struct Shop {
    visits: u64,
}

fn main() {}
