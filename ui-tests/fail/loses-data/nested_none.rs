use serde::{Deserialize, Serialize};
use session::{Secret, Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue, Default)]
struct Choice {
    theme: Option<Option<u8>>,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
struct Chain(Option<Box<Chain>>);

#[derive(Session)]
struct Shop {
    limit: Option<Option<u32>>,
    choice: Choice,
    token: Option<Secret<Option<String>>>,
    done: Option<()>,
    chain: Chain,
}

fn main() {}
