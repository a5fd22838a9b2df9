use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Clone, Serialize, Deserialize, SessionValue)]
#[serde(into = "u8")]
struct Item {
    size: u8,
}

impl From<Item> for u8 {
    fn from(item: Item) -> Self {
        item.size
    }
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
