use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(tag = "kind")]
enum Payment {
    Card { number: String },
    Cash,
}

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(tag = "kind", content = "data")]
enum Refund {
    Card(String),
    Cash,
}

#[derive(Session)]
#[session(codec = postcard)]
struct Shop {
    payment: Option<Payment>,
    refunds: std::collections::BTreeMap<u32, (u8, Refund)>,
}

fn main() {}
