use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
enum Item {
    Number(u8),
    #[serde(untagged)]
    Text(String),
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
