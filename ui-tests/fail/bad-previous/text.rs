use session::Session;

#[derive(Session)]
#[session(version = 2, previous = "ShopV1")]
pub struct Shop {
    visits: u64,
}

fn main() {}
