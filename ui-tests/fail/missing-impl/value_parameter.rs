use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize)]
struct Colour(u8);

#[derive(Serialize, Deserialize, SessionValue)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    page: Page<Colour>,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
