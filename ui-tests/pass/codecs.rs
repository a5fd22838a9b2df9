//! What each codec can keep: names where there are names, and `Some(None)` where it has a byte of its own.

use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue, Default)]
struct Item {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<u8>,
    parts: Vec<Item>,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
#[serde(tag = "kind")]
enum Payment {
    Card {
        number: Option<String>,
    },
    #[default]
    Cash,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
struct Comment {
    text: String,
    #[serde(default)]
    answers: Vec<Comment>,
}

#[derive(Session)]
struct Named {
    items: Vec<Item>,
    payment: Payment,
    #[session(opaque)]
    asked: Option<Option<u8>>,
}

#[derive(Session)]
#[session(codec = postcard)]
struct Compact {
    comment: Comment,
    limit: Option<Option<u8>>,
    #[session(opaque)]
    items: Vec<Item>,
}

fn main() {}
