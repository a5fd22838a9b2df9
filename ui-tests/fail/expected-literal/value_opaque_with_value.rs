use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[session(opaque = true)]
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
