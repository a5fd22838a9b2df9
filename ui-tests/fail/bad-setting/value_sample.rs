use serde::{Deserialize, Serialize};
use session::{SessionValue, session_value};

#[derive(Serialize, Deserialize)]
struct Item(u32);

session_value!(Item as u32, sample = "1");

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
