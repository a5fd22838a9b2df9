use serde::{Deserialize, Serialize};
use session::SessionValue;

use std::borrow::Cow;

#[derive(Serialize, Deserialize, SessionValue)]
struct Item<'a> {
    name: Cow<'a, str>,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
