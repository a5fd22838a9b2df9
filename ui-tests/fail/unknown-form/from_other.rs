use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(from = "u8")]
struct Item {
    size: u8,
}

impl From<u8> for Item {
    fn from(size: u8) -> Self {
        Self { size }
    }
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
