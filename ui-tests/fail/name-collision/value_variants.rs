use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
enum Item {
    Card,
    #[serde(rename = "Card")]
    Plastic,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
