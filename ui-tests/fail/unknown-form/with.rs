use serde::{Deserialize, Serialize};
use session::SessionValue;

mod hex {
    pub fn serialize<S: serde::Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

#[derive(Serialize, Deserialize, SessionValue)]
struct Item {
    #[serde(with = "hex")]
    colour: u32,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
