use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item(#[serde(skip)] u8);

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
