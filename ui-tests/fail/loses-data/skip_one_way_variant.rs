use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
enum Item {
    #[serde(skip_deserializing)]
    Card,
    Cash,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
