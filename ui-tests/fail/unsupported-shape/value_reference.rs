use serde::Serialize;
use session::SessionValue;

#[derive(Serialize, SessionValue)]
struct Item {
    name: Option<&'static str>,
    size: u8,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
