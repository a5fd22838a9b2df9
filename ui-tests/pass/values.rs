//! Types that are values: inside a function, from a macro, generic, recursive, with whatever the session's own
//! attributes are not.

use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

macro_rules! value {
    ($name:ident, $($member:ident: $type:ty),*) => {
        #[derive(Serialize, Deserialize, SessionValue, Default)]
        struct $name {
            $($member: $type),*
        }
    };
}

value!(Item, sku: String, parts: Vec<Item>);

#[derive(Session)]
pub struct Shop {
    cart: Vec<Item>,
}

fn main() {
    #[derive(Serialize, Deserialize, SessionValue)]
    enum Payment<T> {
        Card { number: T },
        Cash,
    }
    const TEXT: session::ShapeText = <(Item, Payment<u8>)>::SHAPE.text();
    assert_eq!(TEXT.as_str(), "(rec {parts: [self], sku: string}, enum {Card: {number: u8}, Cash})");
}
