use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<u8>,
    qty: u32,
}

#[derive(Session)]
#[session(codec = postcard)]
struct Shop {
    cart: Vec<Item>,
}

fn main() {}
