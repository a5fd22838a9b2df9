use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(tag = "type")]
struct Item {
    size: u8,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
