use serde::{Deserialize, Serialize};
use session::SessionValue;

#[derive(Serialize, Deserialize)]
struct Colour(u8);

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    colour: Colour,
    colours: Vec<Option<Colour>>,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
