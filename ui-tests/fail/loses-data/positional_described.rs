use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue)]
#[serde(untagged)]
#[session(opaque)]
enum Id {
    Number(u64),
    Name(String),
}

#[derive(Serialize, Deserialize, SessionValue)]
#[session(opaque)]
struct Extras {
    #[serde(flatten)]
    all: HashMap<String, u8>,
}

#[derive(Serialize, Deserialize, SessionValue)]
enum Choice {
    Of { ids: Vec<Id> },
}

#[derive(Session)]
#[session(codec = postcard)]
struct Shop {
    customer: Option<Id>,
    extras: Option<[Extras; 2]>,
    choice: Option<Choice>,
}

fn main() {}
