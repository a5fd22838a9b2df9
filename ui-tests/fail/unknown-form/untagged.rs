use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(untagged)]
enum Item {
    Number(u8),
    Text(String),
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
