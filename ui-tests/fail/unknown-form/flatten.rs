use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    name: String,
    #[serde(flatten)]
    rest: std::collections::HashMap<String, u8>,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
