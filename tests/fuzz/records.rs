//! Records and payloads, as a store holds them.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use session::store::Record;
use session::testing::ManualClock;
use session::{CookiePolicy, MemoryStore, Session, SessionId, Sessions, Store as _, Timestamp};
use session_tests::client::ask;
use tokio::runtime::Builder;

use crate::harness::{Target, records};

/// The length of a record without user and payload.
const HEADER: usize = 198;

/// The fields of a payload, by section and key. A section's version and codec stand under an empty key.
pub type Fields = BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>;

/// Reads a payload after its documented layout.
pub fn payload(bytes: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    let Some((format, mut rest)) = bytes.split_first() else { return Some(fields) };
    if *format != 1 {
        return None;
    }
    let mut last_section = Vec::new();
    for _ in 0..count(&mut rest, 64)? {
        let section = name(&mut rest, &mut last_section)?;
        let version = varint(&mut rest)?;
        let codec = *rest.split_off_first()?;
        fields.insert((section.clone(), Vec::new()), [&version.to_be_bytes()[..], &[codec]].concat());
        let mut last_key = Vec::new();
        for _ in 0..count(&mut rest, 256)? {
            let key = name(&mut rest, &mut last_key)?;
            fields.insert((section.clone(), key), text(&mut rest)?.to_vec());
        }
    }
    rest.is_empty().then_some(fields)
}

fn varint(rest: &mut &[u8]) -> Option<u32> {
    let end = rest.iter().position(|byte| *byte < 0x80)?;
    let digits = rest.split_off(..=end)?;
    let value =
        digits.iter().rev().try_fold(0_u64, |value, byte| Some(value.checked_mul(128)? | u64::from(byte & 127)));
    let is_shortest = digits.len() == 1 || digits.last() != Some(&0);
    value.and_then(|value| u32::try_from(value).ok()).filter(|_| is_shortest && digits.len() <= 5)
}

fn count(rest: &mut &[u8], most: u32) -> Option<u32> {
    varint(rest).filter(|count| (1..=most).contains(count))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    rest.split_off(..length)
}

/// A name of 1 to 128 bytes, which is greater than the one before.
fn name(rest: &mut &[u8], last: &mut Vec<u8>) -> Option<Vec<u8>> {
    let name = text(rest).filter(|name| (1..=128).contains(&name.len()) && str::from_utf8(name).is_ok())?;
    if name <= &last[..] {
        return None;
    }
    name.clone_into(last);
    Some(name.to_vec())
}

/// Sets both checksums, so that a changed record is read to its end.
fn repair(bytes: &mut [u8]) {
    if bytes.len() >= 36 {
        let idle = crc32fast::hash(&bytes[20..28]).to_be_bytes();
        bytes[28..32].copy_from_slice(&idle);
        let all = crc32fast::hash(&[&bytes[..20], &bytes[36..]].concat()).to_be_bytes();
        bytes[32..36].copy_from_slice(&all);
    }
}

/// Where the payload of a record begins.
fn payload_at(record: &[u8]) -> usize {
    HEADER + usize::from(u16::from_be_bytes(record[196..HEADER].try_into().unwrap()))
}

/// Whether the layout that is documented for records allows `bytes`.
fn is_record(bytes: &[u8]) -> bool {
    let mut repaired = bytes.to_vec();
    repair(&mut repaired);
    bytes.len() >= HEADER
        && bytes.starts_with(&[0xa5, b'S', 1, 0])
        && repaired == bytes
        && bytes.get(payload_at(bytes)..).is_some_and(|rest| payload(rest).is_some())
}

/// Checks what the record of `bytes` says, if they are one.
fn check_record(bytes: &[u8]) -> String {
    let record = match Record::decode(bytes.to_vec()) {
        Ok(record) => record,
        Err(error) => {
            assert!(!is_record(bytes), "{error}");
            return error.to_string();
        },
    };
    assert!(is_record(bytes));
    // A previous verifier without a deadline opens nothing, and is not written again.
    let mut expected = bytes.to_vec();
    if expected[124..132] == [0; 8] {
        expected[92..124].fill(0);
        repair(&mut expected);
    }
    assert_eq!(record.encode(), expected, "a record is read as it is written");
    assert_eq!(record.encoded_len(), bytes.len());
    let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((record.epoch(), record.revision()), (number(4), number(12)));
    assert_eq!(record.idle_deadline(), Timestamp::from_millis(number(20)));
    assert_eq!(record.absolute_deadline(), Timestamp::from_millis(number(36)));
    assert_eq!(record.created(), Timestamp::from_millis(number(44)));
    assert_eq!(record.last_op().to_bytes(), bytes[132..140]);
    let user = record.user().map_or(&[][..], |user| user.as_bytes());
    assert_eq!(user, &bytes[HEADER..HEADER + user.len()]);
    let deadline = number(20).min(number(36));
    assert!(record.is_expired(Timestamp::from_millis(deadline)));
    assert!(deadline == 0 || !record.is_expired(Timestamp::from_millis(deadline - 1)));
    let touched = record.clone().with_idle_deadline(Timestamp::from_millis(7)).encode();
    assert_eq!((&touched[..20], &touched[32..]), (&expected[..20], &expected[32..]), "a touch writes twelve bytes");
    format!("{} {}", user.len().min(2), touched.len() > HEADER + user.len())
}

/// Bytes are a record if the documented layout says so, and are written again as they were.
#[test]
fn record() {
    let mut target = Target::new("record", &["\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\u{1}", "shop", "visits", "\u{1}"]);
    for (_, record) in records() {
        target = target.seed(record);
    }
    target.inputs(10_000).run(|input| {
        let _ = check_record(input);
        let mut repaired = input.to_vec();
        repair(&mut repaired);
        check_record(&repaired)
    });
}

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
    theme: Option<String>,
}

/// A request that changes one field leaves all other ones as they are, whatever they are; a request that fails leaves
/// the record as it is.
#[test]
fn payload_of_a_session() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let store = MemoryStore::new();
    let sessions = Sessions::<Shop>::builder()
        .store(store.clone())
        .cookie(CookiePolicy::host("sid"))
        .clock(ManualClock::new())
        .build()
        .unwrap();
    let show = async |session: Session<Shop>| format!("{:?} {:?}", session.user, session.theme);
    let visit = async |mut session: Session<Shop>| session.visits = session.visits.wrapping_add(1);
    let app = Router::new().route("/show", get(show)).route("/visit", get(visit)).layer(sessions.layer());
    let (cookie, stored) = records().into_iter().next_back().unwrap();
    // A record without a user: the payload alone says who is logged in.
    let head = [&stored[..196], &[0, 0]].concat();
    let id: SessionId = "oKGio6SlpqeoqaqrrK2urw".parse().unwrap();
    let start = Timestamp::from_millis(0);
    let ask_for = |path: &str| {
        let request = Request::get(path).header("cookie", format!("__Host-sid={cookie}")).body(Body::empty()).unwrap();
        runtime.block_on(ask(&app, request))
    };

    let mut target = Target::new("payload", &["\u{1}", "\u{4}shop", "\u{6}visits", "\u{4}user", "\u{5}theme", "_"]);
    for (_, record) in records() {
        target = target.seed(&record[payload_at(&record)..]);
    }
    target.run(|input| {
        let mut bytes = [&head[..], input].concat();
        repair(&mut bytes);
        let Some(before) = payload(input) else {
            return Record::decode(bytes).unwrap_err().to_string();
        };
        let record = Record::decode(bytes.clone()).unwrap();
        let _ = runtime.block_on(store.destroy(id, start)).unwrap();
        let _ = runtime.block_on(store.create(id, &record, start)).unwrap();
        let load = || runtime.block_on(store.load(id, start)).unwrap().unwrap().encode();
        let shown = ask_for("/show");
        let visited = ask_for("/visit");
        assert_eq!(shown.status, visited.status, "what can be read can be changed");
        if !visited.status.is_success() {
            assert_eq!(load(), record.encode(), "a record that is refused stays as it is");
            return format!("{} {}", visited.status, shown.text);
        }
        let after = payload(&load()[payload_at(&load())..]).unwrap();
        let own = (b"shop".to_vec(), b"visits".to_vec());
        assert!(after.contains_key(&own));
        let others = |fields: &Fields| {
            let is_own = |section: &[u8], key: &[u8]| section == b"shop" && (key.is_empty() || key == b"visits");
            // A section that has keys of the framework only, which begin with `_`, is not written again.
            let is_kept = |section: &[u8]| {
                let keys = fields.keys().filter(|(other, key)| other == section && !key.is_empty());
                section == b"shop" || keys.into_iter().any(|(_, key)| !key.starts_with(b"_"))
            };
            let others = fields.iter().filter(|((section, key), _)| !is_own(section, key) && is_kept(section));
            others.map(|(key, value)| (key.clone(), value.clone())).collect::<Fields>()
        };
        assert_eq!(others(&after), others(&before), "other fields are kept byte for byte");
        format!("{:?} {}", before.contains_key(&own), shown.text == "None None")
    });
}
