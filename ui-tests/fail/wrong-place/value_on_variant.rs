use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
enum Item {
    #[session(opaque)]
    Card(String),
    Cash,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
