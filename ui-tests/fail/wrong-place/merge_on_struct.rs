use session::Session;

#[derive(Session)]
#[session(merge = counter)]
pub struct Shop {
    visits: u64,
}

fn main() {}
