use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
#[session(version = 2)]
struct Item {
    #[session(merge = counter)]
    visits: u32,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
