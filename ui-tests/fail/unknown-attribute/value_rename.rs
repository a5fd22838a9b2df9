use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[session(rename = "n")]
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
