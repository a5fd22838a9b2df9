use serde::{Deserialize, Serialize};
use session::SessionValue;

mod other {
    pub struct Thing {
        pub size: u8,
    }
}

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(remote = "other::Thing")]
pub struct Item {
    pub size: u8,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
