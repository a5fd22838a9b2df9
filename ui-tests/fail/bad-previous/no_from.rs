use session::Session;

#[derive(Session)]
#[session(version = 2, previous = ShopV1)]
pub struct Shop {
    visits: u64,
}

#[derive(Session)]
#[session(name = "shop", legacy)]
pub struct ShopV1 {
    visits: u32,
}

fn main() {}
