use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[session(wobble)]
struct Item {
    #[session(wibble)]
    name: String,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
