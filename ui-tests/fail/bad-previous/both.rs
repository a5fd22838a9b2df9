use session::Session;

#[derive(Session)]
#[session(version = 2, previous = ShopV1, try_previous = ShopV1)]
pub struct Shop {
    visits: u64,
}

#[derive(Session)]
#[session(name = "shop", legacy)]
pub struct ShopV1 {
    visits: u32,
}

impl From<ShopV1> for Shop {
    fn from(old: ShopV1) -> Self {
        Self { visits: old.visits.into() }
    }
}

fn main() {}
