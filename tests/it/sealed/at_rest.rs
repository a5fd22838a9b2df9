//! Records encrypted at rest: the store keeps the contract, no content is readable, and no record is valid for another
//! session.

use session::store::{Created, Encrypted, Record, StoreError};
use session::testing::{ManualClock, contract};
use session::{CookiePolicy, KeyRing, MemoryStore, SessionId, Sessions, Store as _, Timestamp};
use session_tests::client::Client;

use super::{NO_SESSION, Shop, key, ring, routes, value};

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let report = contract(Encrypted::new(MemoryStore::new(), ring())).await.unwrap();
    crate::contract::show("`Encrypted` over memory", &report);
    assert!(report.races() > 4_000);
}

fn client(store: impl session::Store) -> Client {
    let builder =
        Sessions::<Shop>::builder().store(store).clock(ManualClock::at(NOW)).cookie(CookiePolicy::host("sid"));
    Client::new(routes(&builder.build().unwrap()))
}

/// The id of a client's session: 16 bytes after the version.
fn id(client: &Client) -> SessionId {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value(client)).unwrap();
    SessionId::from_bytes(bytes[1..17].try_into().unwrap())
}

async fn stored(store: &MemoryStore, id: SessionId) -> Vec<u8> {
    store.load(id, NOW).await.unwrap().unwrap().encode()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn the_store_sees_no_content() {
    let memory = MemoryStore::new();
    let client = client(Encrypted::new(memory.clone(), ring()));
    client.get("/text/40").await;
    client.post("/fill").await;
    assert_eq!(client.get("/read").await.text, "None 1 40 dark");
    let bytes = stored(&memory, id(&client)).await;
    for part in [&b"aaaa"[..], b"dark", b"shop", b"theme", b"hello"] {
        assert!(!holds(&bytes, part), "{}", String::from_utf8_lossy(part));
    }
    let before = bytes;
    client.get("/visit").await;
    assert_eq!(client.post("/update").await.text, "updated");
    assert_eq!(client.get("/read").await.text, "None 3 40 dark");
    assert_ne!(stored(&memory, id(&client)).await, before);
}

/// `bytes` with a matching checksum, as an attacker with write access to the store would write them.
fn forged(mut bytes: Vec<u8>) -> Option<Record> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..20]);
    hasher.update(&bytes[36..]);
    let checksum = hasher.finalize().to_be_bytes();
    bytes[32..36].copy_from_slice(&checksum);
    Record::decode(bytes).ok()
}

/// What a load with `keys` returns for a `record` that an attacker has filed under `id`.
async fn planted(keys: &KeyRing, id: SessionId, record: &Record) -> Result<Option<Record>, StoreError> {
    let memory = MemoryStore::new();
    assert_eq!(memory.create(id, record, NOW).await.unwrap(), Created::Created);
    Encrypted::new(memory, keys.clone()).load(id, NOW).await
}

#[tokio::test]
async fn every_altered_bit_is_noticed() {
    let (memory, keys) = (MemoryStore::new(), ring());
    let client = client(Encrypted::new(memory.clone(), keys.clone()));
    client.post("/login/7").await;
    let id = id(&client);
    let good = stored(&memory, id).await;
    assert!(planted(&keys, id, &forged(good.clone()).unwrap()).await.unwrap().is_some());
    // Epoch and revision, the verifier, the user, the payload. The rest are deadlines, and the writers, which only
    // repetitions use.
    let bound = (4..20).chain(60..92).chain(196..good.len());
    let mut tried = 0;
    for bit in bound.flat_map(|at| at * 8..at * 8 + 8) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // Every store refuses bytes that are no record.
        let Some(record) = forged(bytes) else { continue };
        let found = planted(&keys, id, &record).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "bit {bit}: {found:?}");
        tried += 1;
    }
    assert!(tried > 1_000, "{tried}");
    let elsewhere = planted(&keys, SessionId::from_bytes([9; 16]), &forged(good.clone()).unwrap()).await;
    assert!(matches!(elsewhere, Err(StoreError::Corrupt(_))), "under another id: {elsewhere:?}");
    let other = planted(&ring(), id, &forged(good).unwrap()).await;
    assert!(other.unwrap_err().to_string().contains("a key that is not in the key ring"));
}

/// A record without its key is not readable and not written to, and is readable again with the key.
#[tokio::test]
async fn keys_are_rotated() {
    let (memory, old, new) = (MemoryStore::new(), key(), key());
    let at = |keys: KeyRing| client(Encrypted::new(memory.clone(), keys));
    let sealed_by = |bytes: &[u8], key: &session::SecretKey| {
        let hex = key.id().to_string();
        let id: Vec<u8> = (0..4).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        holds(bytes, &[&[2], &id[..]].concat())
    };
    let client = at(KeyRing::new(old.clone()));
    client.post("/fill").await;
    let (cookie, id) = (client.cookie(), id(&client));
    let before = stored(&memory, id).await;
    assert!(sealed_by(&before, &old));

    let without_key = at(KeyRing::new(new.clone()));
    without_key.set_cookie(cookie.clone());
    assert_eq!(without_key.get("/read").await.text, NO_SESSION);
    assert_eq!(without_key.get("/visit").await.number(), 1);
    assert_eq!(stored(&memory, id).await, before, "an unreadable record is not written to");

    let rotated = at(KeyRing::new(new.clone()).accepting(old).unwrap());
    rotated.set_cookie(cookie);
    assert_eq!(rotated.get("/read").await.text, "None 1 0 dark");
    assert_eq!(rotated.get("/visit").await.number(), 2);
    assert!(sealed_by(&stored(&memory, id).await, &new), "writes use the primary key");
}

#[tokio::test]
async fn plain_records_are_refused_without_reading_plain() {
    let (memory, keys) = (MemoryStore::new(), ring());
    let before = client(memory.clone());
    before.post("/fill").await;
    let id = id(&before);
    assert!(holds(&stored(&memory, id).await, b"dark"));

    let strict = client(Encrypted::new(memory.clone(), keys.clone()));
    strict.set_cookie(before.cookie());
    assert_eq!(strict.get("/read").await.text, NO_SESSION);
    let error = Encrypted::new(memory.clone(), keys.clone()).load(id, NOW).await.unwrap_err();
    assert!(error.to_string().contains("reading_plain"), "{error}");

    let reading_plain = client(Encrypted::new(memory.clone(), keys.clone()).reading_plain());
    reading_plain.set_cookie(before.cookie());
    assert_eq!(reading_plain.get("/read").await.text, "None 1 0 dark");
    assert_eq!(reading_plain.get("/visit").await.number(), 2);
    assert!(!holds(&stored(&memory, id).await, b"dark"), "encrypted by the first write");
    assert_eq!(strict.get("/read").await.text, "None 2 0 dark");

    // Without the wrapper, the content is not readable, and a section that is added is not taken for content.
    let without = client(memory.clone());
    without.set_cookie(before.cookie());
    assert_eq!(without.get("/visit").await.number(), 1);
    let error = Encrypted::new(memory, keys).reading_plain().load(id, NOW).await.unwrap_err();
    assert!(error.to_string().contains("its payload has something besides the sealed part"), "{error}");
}
