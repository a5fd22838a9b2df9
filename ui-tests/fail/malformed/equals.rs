use session::Session;

#[derive(Session)]
#[session = "shop"]
pub struct Shop {
    visits: u64,
}

fn main() {}
