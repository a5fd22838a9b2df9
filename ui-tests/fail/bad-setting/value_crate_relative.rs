use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[session(crate = "session")]
struct Item {
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
