use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    name: String,
    #[serde(rename = "name")]
    title: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
