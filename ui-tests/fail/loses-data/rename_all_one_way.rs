use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(rename_all(serialize = "camelCase"))]
struct Item {
    first_name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
