//! Changes inside the types of fields: those that the next version may make without an upgrade, and those that it may
//! not.

use super::Scratch;

const RICH: &str = r#"
use std::num::NonZero;

use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue)]
pub struct Item {
    pub sku: String,
    pub qty: NonZero<u32>,
    #[serde(default)]
    pub gift: bool,
    pub note: Option<String>,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
pub struct List<T> {
    pub head: T,
    pub tail: Option<Box<List<T>>>,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
pub struct Outer {
    pub list: List<Vec<Outer>>,
    pub more: Vec<Outer>,
}

#[derive(Serialize, Deserialize, SessionValue, Default)]
pub struct Flat {
    pub head: Vec<Flat>,
    pub tail: Option<Box<Flat>>,
}

#[derive(Serialize, Deserialize, Default)]
pub struct HashMap<K, V>(K, V);

#[derive(Session)]
#[session(version = 1, name = "shop")]
pub struct Shop {
    pub cart: Vec<Item>,
    pub outer: Outer,
    pub stock: HashMap<String, u32>,
}
"#;

const V2: (&str, &str) = ("version = 1", "version = 2");
const GIFT: &str = "#[serde(default)]\n    pub gift: bool,";
const NOTE: &str = "    pub note: Option<String>,\n";

/// Edits after which both versions read each other's values without loss.
const FINE: &[&[(&str, &str)]] = &[
    &[V2],
    &[V2, (NOTE, "    pub note: Option<String>,\n    #[serde(default)]\n    pub wrapped: bool,\n")],
    &[V2, (NOTE, "    #[serde(alias = \"note\")]\n    pub remark: Option<String>,\n")],
    &[V2, (GIFT, "#[serde(default, alias = \"present\", alias = \"gift\")]\n    pub surprise: bool,")],
    // The field has another shape under a new name, and reads what is stored under the old one.
    &[
        V2,
        ("pub cart:", "#[session(was = \"cart\")]\n    pub basket:"),
        (NOTE, "    pub note: Option<String>,\n    #[serde(default)]\n    pub wrapped: bool,\n"),
    ],
];

/// Edits after which one version loses data of the other, each with the text that is underlined.
const WRONG: &[(&[(&str, &str)], &str)] = &[
    (&[V2, (GIFT, "")], "Vec"),
    (&[V2, (NOTE, "")], "Vec"),
    (&[V2, ("pub gift: bool", "pub present: bool")], "Vec"),
    (&[V2, (GIFT, "pub gift: bool,")], "Vec"),
    (&[V2, (GIFT, "#[serde(alias = \"gift\")]\n    pub present: bool,")], "Vec"),
    (&[V2, ("pub sku: String", "#[serde(default, alias = \"sku\")]\n    pub number: String")], "Vec"),
    (&[V2, ("pub qty: NonZero<u32>", "pub qty: u32")], "Vec"),
    // The shapes differ only in the level that they refer back to.
    (&[V2, ("pub list: List<Vec<Outer>>", "pub list: Flat")], "Outer"),
    (&[V2, ("pub struct HashMap<K, V>(K, V);", "pub struct Unused;\npub use std::collections::HashMap;")], "HashMap"),
];

#[test]
fn types_may_gain_members_but_not_lose_them() {
    let scratch = Scratch::locked_with(RICH);
    let lock = scratch.lock();
    for line in [
        "  cart: [{gift?: bool, note: string?, qty: nonzero u32, sku: string}]",
        "  outer: rec {list: rec {head: [self^1], tail: self?}, more: [self]}",
        "  stock: opaque <HashMap<String, u32>>",
    ] {
        assert!(lock.contains(&format!("{line}\n")), "{line} in\n{lock}");
    }
    assert!(
        scratch.check().is_empty(),
        "the first release, whose own type `HashMap` is not the one of the standard library"
    );
    for edits in FINE {
        scratch.edit_of(RICH, edits);
        let complaints = scratch.check();
        assert!(complaints.is_empty(), "{edits:?}: {complaints:#?}");
    }
    for (edits, underlined) in WRONG {
        scratch.edit_of(RICH, edits);
        let complaints = scratch.check();
        let expected = "would lose data when the other one reads them";
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.underlined == *underlined && complaint.message.contains(expected)),
            "{edits:?}: {complaints:#?}"
        );
    }
}
