//! `#[derive(SessionValue)]` follows the attributes of serde.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::json;
use session::{Secret, SessionValue};

use super::{check, refuses};

#[derive(Serialize, Deserialize, SessionValue, Debug, Clone)]
struct Item {
    sku: String,
    qty: u32,
}

fn item() -> Item {
    Item { sku: "tea".into(), qty: 2 }
}

#[test]
fn structs() {
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Unit;
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Empty {}
    #[derive(Serialize, Deserialize, SessionValue)]
    struct EmptyTuple();
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Newtype(Item);
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Pair(Item, u8);

    check("{qty: u32, sku: string}", [item()]);
    check("()", [Unit]);
    check("{}", [Empty {}]);
    check("(,)", [EmptyTuple()]);
    check("{qty: u32, sku: string}", [Newtype(item())]);
    check("({qty: u32, sku: string}, u8)", [Pair(item(), 1)]);
    refuses::<Item>(json!({"sku": "tea"}));
    refuses::<Item>(json!({"sku": "tea", "qty": 1, "gift": true}));
}

#[test]
fn members() {
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Member {
        #[serde(rename = "Name of it")]
        name: String,
        #[serde(rename(serialize = "n", deserialize = "n"), alias = "no", alias = "num")]
        number: u8,
        #[serde(default)]
        theme: u8,
        #[serde(default = "seven", skip_serializing_if = "is_seven")]
        week: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        coupon: Option<u16>,
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        scratch: u8,
        #[serde(skip_serializing, skip_deserializing)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        scrap: std::cell::Cell<u8>,
        secret: Secret<String>,
        r#type: bool,
    }
    fn seven() -> u8 {
        7
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_seven(number: &u8) -> bool {
        *number == 7
    }
    let member = |week, coupon| Member {
        name: String::new(),
        number: 1,
        theme: 1,
        week,
        coupon,
        scratch: 1,
        scrap: 1.into(),
        secret: Secret::new(String::new()),
        r#type: true,
    };
    check(
        r#"{"Name of it": string, coupon?: u16?, n: u8, secret: secret<string>, theme?: u8, type: bool, week?: u8}"#,
        [member(7, None), member(8, Some(3))],
    );
}

#[test]
fn a_default_for_the_whole_struct() {
    #[derive(Serialize, Deserialize, SessionValue, Default)]
    #[serde(default, deny_unknown_fields)]
    struct Settings {
        page: u32,
        theme: String,
    }
    check("{page?: u32, theme?: string}", [Settings::default()]);
}

#[test]
fn transparent_and_converted_types() {
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(transparent)]
    struct Id<T> {
        inner: u64,
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        scratch: u8,
        of: PhantomData<T>,
    }
    #[derive(Serialize, Deserialize, SessionValue, Clone)]
    #[serde(into = "(u8, u8)", from = "(u8, u8)")]
    struct Point {
        x: u8,
        y: u8,
    }
    impl From<Point> for (u8, u8) {
        fn from(point: Point) -> Self {
            (point.x, point.y)
        }
    }
    impl From<(u8, u8)> for Point {
        fn from((x, y): (u8, u8)) -> Self {
            Self { x, y }
        }
    }
    check("u64", [Id::<u8> { inner: 1, scratch: 1, of: PhantomData }]);
    check("(u8, u8)", [Point { x: 1, y: 2 }]);
}

#[test]
fn tuples_with_skipped_fields() {
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Holes(
        u8,
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        u16,
        String,
    );
    check("(u8, string)", [Holes(1, 2, String::new())]);
}

#[test]
fn enums() {
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(rename_all = "snake_case")]
    enum Payment {
        Cash,
        #[serde(rename = "plastic")]
        Card {
            number: String,
        },
        OnAccount(u32),
        Split(u8, Item),
        Empty {},
        Hollow(#[serde(skip)] u8),
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        Never(std::cell::Cell<u8>),
    }
    check(
        "enum {cash, empty: {}, hollow, on_account: u32, plastic: {number: string}, \
         split: (u8, {qty: u32, sku: string})}",
        [
            Payment::Cash,
            Payment::Card { number: String::new() },
            Payment::OnAccount(1),
            Payment::Split(1, item()),
            Payment::Empty {},
            Payment::Hollow(1),
        ],
    );
    refuses::<Option<Item>>(json!("cash"));
}

#[test]
fn tagged_enums() {
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(tag = "type", rename_all_fields = "camelCase")]
    enum Internal {
        Card { card_number: String },
        Item(Item),
        Map(BTreeMap<String, u8>),
        Cash,
        Nothing(()),
    }
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(tag = "t", content = "a thing")]
    enum Adjacent {
        Cash,
        Pair(u8, u8),
        Item(Item),
        #[serde(other)]
        Other,
    }
    check(
        "enum tag=type {Card: {cardNumber: string}, Cash, Item: {qty: u32, sku: string}, Map: {string => u8}, \
         Nothing: ()}",
        [
            Internal::Card { card_number: String::new() },
            Internal::Item(item()),
            Internal::Cash,
            Internal::Map([].into()),
        ],
    );
    assert_eq!(serde_json::to_value(Internal::Nothing(())).unwrap(), json!({"type": "Nothing"}));
    check(
        r#"enum tag=t content="a thing" {Cash, Item: {qty: u32, sku: string}, Other, Pair: (u8, u8)}"#,
        [Adjacent::Cash, Adjacent::Pair(1, 2), Adjacent::Item(item()), Adjacent::Other],
    );
}

#[test]
fn keys() {
    #[derive(Serialize, Deserialize, SessionValue, PartialEq, Eq, Hash)]
    enum Theme {
        Light,
        Dark,
    }
    check("{enum {Dark, Light} => u8}", [HashMap::from([(Theme::Light, 1_u8), (Theme::Dark, 2)])]);
}

#[test]
fn generic() {
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Page<T, const N: usize = 1>
    where
        T: Debug,
    {
        items: Vec<T>,
        sizes: [(u8, T); 1],
        #[serde(skip)]
        of: PhantomData<[T; N]>,
    }
    /// Not a `SessionValue`, but `Id<Customer>` is.
    struct Customer;
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(bound = "")]
    struct Id<T> {
        number: u64,
        of: PhantomData<T>,
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        cached: Option<Box<T>>,
        #[session(opaque)]
        never: [PhantomData<T>; 0],
    }
    let id = serde_json::to_value(Id::<Customer> { number: 1, of: PhantomData, cached: None, never: [] }).unwrap();
    super::fits(Id::<Customer>::SHAPE, &id).unwrap();
    assert_eq!(Id::<Customer>::SHAPE.text().as_str(), "{never: opaque <[PhantomData<T>; 0]>, number: u64, of: ()}");
    let page = Page::<Item> { items: vec![item()], sizes: [(1, item())], of: PhantomData };
    check("{items: [{qty: u32, sku: string}], sizes: [(u8, {qty: u32, sku: string}); 1]}", [page]);
}

#[test]
fn opaque_members_and_types() {
    struct Unknown;
    #[derive(Serialize, Deserialize, SessionValue)]
    struct Holes {
        #[session(opaque)]
        #[serde(with = "hex")]
        colour: HashMap<String, [u8; 3]>,
        #[session(opaque)]
        #[serde(skip)]
        #[expect(dead_code, reason = "the test is about the attribute of this field")]
        unknown: Option<Unknown>,
    }
    mod hex {
        use std::collections::HashMap;

        pub(super) fn serialize<S: serde::Serializer>(
            _: &HashMap<String, [u8; 3]>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.serialize_str("ffffff")
        }
        pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
            deserializer: D,
        ) -> Result<HashMap<String, [u8; 3]>, D::Error> {
            serde::Deserialize::deserialize(deserializer).map(|_: String| HashMap::new())
        }
    }
    #[derive(Serialize, Deserialize, SessionValue)]
    #[serde(untagged)]
    #[session(opaque)]
    enum Either {
        Number(u8),
        Text(String),
    }
    assert_eq!(Holes::SHAPE.text().as_str(), "{colour: opaque <HashMap<String, [u8; 3]>>}");
    assert_eq!(Either::SHAPE.text().as_str(), "opaque <Either>");
    assert!(Holes::SHAPE.sample().is_null());
    assert_eq!(<Vec<Either>>::SHAPE.sample(), json!([]));
    let _ = (Either::Number(1), Either::Text(String::new()), Holes { colour: HashMap::new(), unknown: Some(Unknown) });
}

#[derive(Serialize, Deserialize, SessionValue)]
struct Node {
    value: u32,
    next: Option<Box<Node>>,
    by_name: BTreeMap<String, Self>,
}

#[derive(Serialize, Deserialize, SessionValue)]
enum Formula {
    Sum(Box<Formula>, Box<Formula>),
    Number(f64),
}

#[derive(Serialize, Deserialize, SessionValue)]
struct List<T> {
    head: T,
    tail: Option<Box<List<T>>>,
}

#[derive(Serialize, Deserialize, SessionValue)]
struct Outer {
    list: List<Vec<Outer>>,
    more: Vec<Outer>,
}

#[test]
fn recursive() {
    let leaf = || Node { value: 1, next: None, by_name: BTreeMap::new() };
    let inner = Node { next: Some(Box::new(leaf())), ..leaf() };
    check(
        "rec {by_name: {string => self}, next: self?, value: u32}",
        [Node { by_name: [(String::new(), inner)].into(), ..leaf() }],
    );
    let number = || Box::new(Formula::Number(0.5));
    check(
        "rec enum {Number: f64, Sum: (self, self)}",
        [Formula::Sum(number(), Box::new(Formula::Sum(number(), number())))],
    );
    check("rec {head: u8, tail: self?}", [List { head: 1_u8, tail: Some(Box::new(List { head: 2, tail: None })) }]);
    check(
        "rec {list: rec {head: [self^1], tail: self?}, more: [self]}",
        [Outer { list: List { head: vec![], tail: None }, more: vec![] }],
    );
}
