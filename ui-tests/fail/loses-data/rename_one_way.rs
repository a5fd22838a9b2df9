use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[serde(rename(serialize = "n"))]
    name: String,
    #[serde(rename(serialize = "s", deserialize = "z"))]
    size: u8,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
