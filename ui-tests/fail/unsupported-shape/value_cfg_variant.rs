use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize, SessionValue)]
enum Item {
    #[cfg(not(test))]
    Card,
    Cash,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
