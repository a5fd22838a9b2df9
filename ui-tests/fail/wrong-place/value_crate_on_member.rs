use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[session(crate = "::session")]
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
