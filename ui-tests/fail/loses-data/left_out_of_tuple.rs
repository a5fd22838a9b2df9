use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item(#[serde(skip_serializing_if = "Option::is_none")] Option<u8>, u8);

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
