//! Bad bytes in the store: they are reported as corrupt and never overwritten, and cause no panic.

use axum::Router;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use session::store::Record;
use session::{RedisStore, Session, Sessions};
use session_tests::client::Client;
use session_tests::servers::Redis;
use session_tests::wire::Wire;

#[derive(Serialize, Deserialize, Default, Clone, Debug)]
struct Nest(Option<Box<Nest>>);

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    #[session(merge = counter)]
    visits: u64,
    name: String,
    nest: Nest,
}

struct World {
    redis: Redis,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let redis = Redis::start();
        let store = RedisStore::connect(&redis.url()).await.unwrap();
        let sessions = Sessions::<Shop>::builder().store(store).build().unwrap();
        let app = Router::new()
            .route(
                "/visit",
                get(async |mut session: Session<Shop>| {
                    session.visits += 1;
                    session.visits.to_string()
                }),
            )
            .route(
                "/name",
                get(async |mut session: Session<Shop>| {
                    session.name = "new".into();
                }),
            )
            .route(
                "/read",
                get(async |session: Session<Shop>| format!("{} {}", session.visits, session.problems().len())),
            )
            .layer(sessions.layer());
        let client = Client::new(app);
        client.get("/visit").await;
        Self { redis, client }
    }

    fn key(&self) -> String {
        self.redis.run::<Vec<String>>("KEYS *").pop().unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        self.redis.run(&format!("GET {}", self.key()))
    }

    fn set(&self, key: &str, bytes: &[u8]) {
        self.redis.run_bytes::<String>(&[b"SET", key.as_bytes(), bytes, b"KEEPTTL"]);
    }
}

#[tokio::test]
async fn corrupt_records_are_not_changed() {
    let world = World::new().await;
    let (key, good, cookie) = (world.key(), world.bytes(), world.client.cookie());
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|length| good[..length].to_vec()).collect();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        bad.push(flipped);
    }
    bad.extend([
        b"x".to_vec(),
        vec![0xff; 1024],
        b"[".repeat(1_000_000),
        b"{\"visits\":1}".to_vec(),
        [&good[..], b"more"].concat(),
    ]);
    println!("{} corrupt records", bad.len());
    for bytes in bad {
        world.set(&key, &bytes);
        let answer = world.client.get("/read").await;
        assert_eq!((answer.status.as_u16(), &*answer.text, answer.set_cookie()), (200, "0 0", None));
        let kept: Vec<u8> = world.redis.run(&format!("GET {key}"));
        assert_eq!(kept, bytes, "untouched");
    }
    // A write creates a new session and does not change the corrupt record.
    world.client.get("/visit").await;
    assert_ne!(world.client.cookie(), cookie);
    let kept: Vec<u8> = world.redis.run(&format!("GET {key}"));
    assert!(kept.ends_with(b"more"));
    world.set(&key, &good);
    world.client.set_cookie(cookie);
    assert_eq!(world.client.get("/visit").await.text, "2", "after a repair the session works again");
}

#[tokio::test]
async fn values_of_other_redis_types_are_corrupt() {
    let world = World::new().await;
    let (key, cookie) = (world.key(), world.client.cookie());
    world.redis.run::<u64>(&format!("DEL {key}"));
    for (make, look) in [("HSET KEY a 1", "HGETALL KEY"), ("RPUSH KEY a b", "LLEN KEY"), ("SADD KEY a", "SCARD KEY")] {
        world.redis.run::<u64>(&make.replace("KEY", &key));
        world.client.set_cookie(cookie.clone());
        assert_eq!(world.client.get("/read").await.text, "0 0", "{make}");
        assert_eq!(world.client.get("/visit").await.status, 200);
        world.redis.run::<redis::Value>(&look.replace("KEY", &key));
        world.redis.run::<u64>(&format!("DEL {key}"));
    }
}

/// The first load of a store also reads the server's time; an error of the key is reported as such.
#[tokio::test]
async fn values_of_other_redis_types_are_corrupt_at_the_first_load() {
    let redis = Redis::start();
    let client = session_tests::redis_client(&redis.url());
    let store = RedisStore::from_client_lazy(client, session::store::RedisOptions::new()).unwrap();
    let id = session::SessionId::from_bytes([7; 16]);
    redis.run::<u64>(&format!("RPUSH session:{{{id}}} a"));
    let loaded = session::Store::load(&store, id, session::Timestamp::from_millis(0)).await;
    assert!(matches!(loaded, Err(session::store::StoreError::Corrupt(_))), "{loaded:?}");
}

/// An undecodable value reads as the field's default, and its bytes are kept until the field is written.
#[tokio::test]
async fn an_undecodable_field_reads_as_its_default_and_keeps_its_bytes() {
    let world = World::new().await;
    let values: [&[u8]; 8] =
        [b"7", b"\"cut", b"1e400", b"null", b"\xff\xfe", b"{\"a\":1}", b"\"\\ud800\"", &b"[".repeat(100_000)];
    for value in values {
        world.set(&world.key(), &with_field(&world.bytes(), "name", value));
        assert!(world.client.get("/read").await.text.ends_with(" 1"), "one problem");
        world.client.get("/visit").await;
        assert!(contains(&world.bytes(), value), "kept through a commit of another field");
    }
    world.client.get("/name").await;
    assert!(world.client.get("/read").await.text.ends_with(" 0"), "a write of the field repairs it");
}

/// A field with identity never becomes its default silently.
#[tokio::test]
async fn an_undecodable_user_refuses_the_session() {
    let world = World::new().await;
    let (key, good) = (world.key(), world.bytes());
    let bad = with_field(&good, "user", b"\"ann\"");
    world.set(&key, &bad);
    for path in ["/read", "/visit"] {
        let answer = world.client.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.set_cookie()), (503, None));
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(world.bytes(), bad, "untouched");
}

#[tokio::test]
async fn unknown_fields_are_kept_through_commits() {
    let world = World::new().await;
    world.set(&world.key(), &with_field(&world.bytes(), "future", b"{\"from\":[2,0,2,7]}\0\xff"));
    for _ in 0..3 {
        world.client.get("/visit").await;
    }
    assert!(contains(&world.bytes(), b"\x06future\x14{\"from\":[2,0,2,7]}\0\xff"), "byte for byte");
    assert_eq!(world.client.get("/visit").await.text, "5");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The record with one more field in its only section, as another version of the code could write it.
fn with_field(record: &[u8], key: &str, value: &[u8]) -> Vec<u8> {
    let mut wire = Wire::of(&Record::decode(record.to_vec()).unwrap());
    wire.sections[0].fields.insert(key.into(), value.into());
    wire.encode()
}
