//! The types of the standard library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZeroI64, NonZeroU8};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use session::Secret;

use super::{check, refuses};

#[test]
fn numbers() {
    check("u8", [0_u8, u8::MAX]);
    check("u16", [u16::MAX]);
    check("u32", [u32::MAX]);
    check("u64", [u64::MAX]);
    check("u64", [usize::MAX]);
    check("i8", [i8::MIN, i8::MAX]);
    check("i16", [i16::MIN]);
    check("i32", [i32::MIN]);
    check("i64", [i64::MIN]);
    check("i64", [isize::MIN]);
    check("i128", [i128::from(i64::MIN)]);
    check("u128", [u128::from(u64::MAX)]);
    check("f32", [1.5_f32, 0.0]);
    check("f64", [1.5, f64::MIN]);
    check("nonzero u8", [NonZeroU8::MAX]);
    check("nonzero i64", [NonZeroI64::MIN]);
    refuses::<u8>(json!(256));
    refuses::<NonZeroU8>(json!(0));
}

#[test]
fn words() {
    check("()", [()]);
    check("()", [PhantomData::<u8>]);
    check("bool", [true, false]);
    check("char", ['a', '漢']);
    check("string", [String::new(), "text".into()]);
    check("string", [Box::<str>::from("text")]);
    check("string", [Arc::<str>::from("text")]);
    check("string", [Cow::Borrowed("text")]);
    check("string", [PathBuf::from("/a/b")]);
    refuses::<char>(json!("ab"));
}

#[test]
fn addresses() {
    check("ip", [IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), IpAddr::from([127, 0, 0, 1])]);
    check("ipv4", [Ipv4Addr::LOCALHOST]);
    check("ipv6", [Ipv6Addr::LOCALHOST]);
    check("socket", [SocketAddr::from(([127, 0, 0, 1], 80))]);
    check("socketv4", [SocketAddrV4::new(Ipv4Addr::LOCALHOST, 80)]);
    check("socketv6", [SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 0)]);
}

#[test]
fn time() {
    check("{nanos: u32, secs: u64}", [Duration::from_millis(1500)]);
    check("{nanos_since_epoch: u32, secs_since_epoch: u64}", [SystemTime::UNIX_EPOCH]);
}

#[test]
fn containers() {
    check("u8?", [Some(1_u8), None]);
    check("[u8]", [vec![1_u8, 1], vec![]]);
    check("[u8]", [Box::<[u8]>::from([1, 1])]);
    check("[string?]", [VecDeque::from([Some(String::new()), None])]);
    check("set<u8>", [BTreeSet::from([1_u8, 2])]);
    check("set<char>", [HashSet::from(['a', 'b'])]);
    check("{string => [u8]}", [BTreeMap::from([(String::from("a"), vec![1_u8])])]);
    check("{u32 => bool}", [HashMap::from([(7_u32, true)])]);
    check("{bool => ()}", [HashMap::from([(true, ())])]);
    check("{char => u8}", [HashMap::from([('7', 1_u8)])]);
    check("{nonzero u8 => ip}", [HashMap::from([(NonZeroU8::MIN, IpAddr::from([1, 1, 1, 1]))])]);
    check("[u8; 3]", [[1_u8, 2, 3]]);
    check("[u8; 0]", [[0_u8; 0]]);
    check("[[bool; 2]; 12]", [[[true; 2]; 12]]);
    check("u8", [Box::new(1_u8)]);
    check("[u8]", [Arc::new(vec![1_u8])]);
    check("enum {Err: string, Ok: u8}", [Ok(1_u8), Err(String::new())]);
    check("secret<string>", [Secret::new(String::from("s"))]);
    check("secret<[u8]>?", [Some(Secret::new(vec![1_u8]))]);
    refuses::<BTreeSet<u8>>(json!([1, 1]));
    refuses::<HashMap<u32, bool>>(json!({"a": true}));
    refuses::<[u8; 3]>(json!([1, 1]));
}

#[test]
fn tuples() {
    check("(u8,)", [(1_u8,)]);
    check("(u8, string)", [(1_u8, String::new())]);
    check("((bool, ()), [u8])", [((true, ()), vec![1_u8])]);
    check("(u8, u8, u8, u8, u8, u8, u8, i64)", [(1_u8, 2_u8, 3_u8, 4_u8, 5_u8, 6_u8, 7_u8, 8_i64)]);
}
