use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
