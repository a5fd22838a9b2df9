use session::Session;

#[derive(Session)]
#[session]
pub struct Shop {
    visits: u64,
}

fn main() {}
