//! When the store is down, hangs or refuses, the answer is a 503 with `Retry-After` and without `Set-Cookie`. Nothing
//! is lost, and the server recovers without a restart.

use std::time::Duration;

use session::store::{RedisOptions, StoreError};
use session::testing::{FailingStore, Fault};
use session::{Clock as _, MemoryStore, RedisStore, SessionId, Store as _, SystemClock};
use session_tests::client::{Answer, Client};
use session_tests::counter::app;
use session_tests::servers::Redis;
use tokio::time::Instant;

async fn visited() -> (Redis, Client) {
    let redis = Redis::start();
    let options = RedisOptions::new().deadline(Duration::from_millis(300));
    let client = Client::new(app(RedisStore::connect_with(&redis.url(), options).await.unwrap()));
    for _ in 0..3 {
        client.get("/visit").await;
    }
    (redis, client)
}

pub(crate) fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.set_cookie(), None);
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3).contains(&seconds));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// The first answer with status 200, within ten seconds.
pub(crate) async fn recovered(client: &Client) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = client.get("/show").await;
        if answer.status == 200 {
            println!("recovered after {:?}", begun.elapsed());
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "no recovery");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) const EVERYTHING: [(&str, &str); 5] =
    [("GET", "/show"), ("GET", "/visit"), ("POST", "/login/7"), ("POST", "/logout"), ("POST", "/destroy")];

pub(crate) async fn everything_is_refused(client: &Client) {
    for (method, path) in EVERYTHING {
        let answer = client.send(method.parse().unwrap(), path).await;
        assert_refused(&answer);
    }
}

#[tokio::test]
async fn a_server_that_is_killed_and_restarted() {
    let (mut redis, client) = visited().await;
    // The append-only file is flushed every second.
    redis.run::<String>("CONFIG SET appendfsync always");
    client.get("/visit").await;
    redis.stop();
    everything_is_refused(&client).await;
    redis.restart();
    assert_eq!(recovered(&client).await.text, "nobody 4 0 0 0 0", "the same session, nothing lost");
}

#[tokio::test]
async fn a_server_that_hangs() {
    let (redis, client) = visited().await;
    redis.signal("STOP");
    for (method, path) in EVERYTHING {
        let begun = Instant::now();
        assert_refused(&client.send(method.parse().unwrap(), path).await);
        assert!(begun.elapsed() < Duration::from_secs(5), "{path}: every call ends in time");
    }
    redis.signal("CONT");
    let answer = recovered(&client).await;
    assert!(answer.text.starts_with("nobody 3 ") || answer.text.starts_with("nobody 0 "), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_starts_after_the_store() {
    let mut redis = Redis::absent();
    assert!(matches!(RedisStore::connect(&redis.url()).await, Err(StoreError::Unavailable(_))));
    let store = RedisStore::from_client_lazy(session_tests::redis_client(&redis.url()), RedisOptions::new()).unwrap();
    let client = Client::new(app(store));
    assert_refused(&client.get("/visit").await);
    redis.restart();
    recovered(&client).await;
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_out_of_memory() {
    let (redis, client) = visited().await;
    client.post("/login/7").await;
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    redis.run::<String>("CONFIG SET maxmemory-policy noeviction");
    redis.run::<String>("CONFIG SET maxmemory 1mb");
    assert_refused(&client.get("/visit").await);
    assert_eq!(client.get("/show").await.text, "7 0 0 0 0 0", "reads work");
    let (now, keys) = (SystemClock::default().now(), redis.run::<Vec<String>>("KEYS session:{*"));
    let id = |key: &str| key.trim_start_matches("session:{").trim_end_matches('}').parse::<SessionId>().unwrap();
    let record = store.load(id(&keys[0]), now).await.unwrap().unwrap();
    let refused = store.create(SessionId::from_bytes([1; 16]), &record, now).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(client.post("/destroy").await.status, 200, "logouts work");
    redis.run::<String>("CONFIG SET maxmemory 0");
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn a_server_that_becomes_a_replica() {
    let (redis, client) = visited().await;
    redis.run::<String>("REPLICAOF 127.0.0.1 1");
    redis.run::<String>("CONFIG SET replica-serve-stale-data yes");
    for path in ["/visit", "/update"] {
        assert_refused(&client.get(path).await);
    }
    assert_refused(&client.post("/destroy").await);
    redis.run::<String>("REPLICAOF NO ONE");
    assert_eq!(recovered(&client).await.text, "nobody 3 0 0 0 0");
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn a_server_without_enough_replicas() {
    let (redis, client) = visited().await;
    redis.run::<String>("CONFIG SET min-replicas-to-write 1");
    assert_refused(&client.get("/visit").await);
    assert_refused(&client.post("/destroy").await);
    assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0");
    redis.run::<String>("CONFIG SET min-replicas-to-write 0");
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let (redis, client) = visited().await;
    for _ in 0..5 {
        redis.run::<u64>("CLIENT KILL TYPE normal SKIPME yes");
        recovered(&client).await;
    }
    redis.run::<String>("SCRIPT FLUSH");
    assert_eq!(client.get("/visit").await.status, 200, "unknown scripts are sent again");
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused() {
    let redis = Redis::start();
    let store = RedisStore::connect_with(&redis.url(), RedisOptions::new().max_bytes(1024)).await.unwrap();
    let client = Client::new(app(store));
    let mut status = 200;
    for number in 0..500 {
        status = client.get(&format!("/set/{number}")).await.status.as_u16();
        if status != 200 {
            break;
        }
    }
    assert_eq!(status, 500);
    assert_eq!(client.get("/show").await.status, 200);
}

/// A random number generator that fails after the start: no session is better than a predictable id.
#[tokio::test]
async fn no_random_bytes() {
    struct Once(std::sync::atomic::AtomicBool);
    impl session::Rng for Once {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), session::RngError> {
            bytes.fill(7);
            match self.0.swap(true, std::sync::atomic::Ordering::SeqCst) {
                false => Ok(()),
                true => Err(session::RngError::new("broken")),
            }
        }
    }
    let store = MemoryStore::new();
    let builder = session::Sessions::<session_tests::counter::Counter>::builder().store(store.clone());
    let sessions = builder.rng(Once(false.into())).build().unwrap();
    let visit = async |mut session: session::Session<session_tests::counter::Counter>| session.visits += 1;
    let client = Client::new(axum::Router::new().route("/", axum::routing::get(visit)).layer(sessions.layer()));
    assert_refused(&client.get("/").await);
    assert!(store.is_empty());
}

/// One fault at each call, before it or after it: the answer is a 503, and the session still works.
#[tokio::test]
async fn every_call_fails_once() {
    let store = FailingStore::new(MemoryStore::new());
    for fault in [Fault::Before, Fault::After] {
        for (method, path) in EVERYTHING {
            let client = Client::new(app(store.clone()));
            client.get("/visit").await;
            store.fail(fault);
            assert_refused(&client.send(method.parse().unwrap(), path).await);
            store.heal();
            let shown = client.get("/show").await;
            let answer = client.get("/visit").await;
            assert_eq!((shown.status.as_u16(), answer.status.as_u16()), (200, 200), "{fault:?} {path}");
        }
    }
    // A new client gets no cookie for a session that may not exist.
    store.fail(Fault::Before);
    assert_refused(&Client::new(app(store.clone())).get("/visit").await);
}

#[tokio::test]
async fn a_full_memory_store_refuses_new_sessions_and_evicts_none() {
    let app = app(MemoryStore::with_max_sessions(32));
    let mut living = Vec::new();
    let mut refused = 0;
    for _ in 0..200 {
        let client = Client::new(app.clone());
        match client.get("/visit").await {
            answer if answer.status == 200 => living.push(client),
            answer => {
                assert_refused(&answer);
                refused += 1;
            },
        }
    }
    assert!(refused > 100 && !living.is_empty());
    for client in living {
        assert_eq!(client.get("/show").await.text, "nobody 1 0 0 0 0");
    }
}

#[derive(session::Session)]
#[session(name = "shop", lock = off)]
struct Themed {
    #[session(user)]
    user: Option<u32>,
    #[session(survive)]
    theme: String,
}

fn themed(store: impl session::Store) -> axum::Router {
    use axum::routing::post;
    use session::Session;
    let logout = async |mut session: Session<Themed>| {
        session.logout();
        session.theme = "x".repeat(100_000);
    };
    let update = async |mut session: Session<Themed>| {
        let logout = session.update(|session| {
            session.logout();
            session.theme = "x".repeat(100_000);
        });
        logout.await
    };
    let failed = async |mut session: Session<Themed>| {
        session.logout();
        session.theme = "x".repeat(100_000);
        session.commit().await.unwrap();
        http::StatusCode::BAD_GATEWAY
    };
    axum::Router::new()
        .route(
            "/login",
            post(async |mut session: Session<Themed>| {
                session.login(7);
                session.theme = "dark".into();
            }),
        )
        .route("/logout", post(logout))
        .route("/logout-by-update", post(update))
        .route("/logout-before-an-error", post(failed))
        .route("/show", axum::routing::get(async |session: Session<Themed>| format!("{:?}", session.user)))
        .layer(session::Sessions::<Themed>::builder().store(store).build().unwrap())
}

/// A field survives the logout, and there is no room for it: the session is removed, for room is no reason to stay
/// logged in.
async fn logouts_remove_the_session(store: impl session::Store + Clone, mut fill: impl FnMut(bool)) {
    for (path, status) in [("/logout", 200), ("/logout-by-update", 200), ("/logout-before-an-error", 502)] {
        let client = Client::new(themed(store.clone()));
        fill(false);
        assert_eq!(client.post("/login").await.status, 200, "{path}");
        let cookie = client.cookie();
        fill(true);
        let answer = client.post(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
        assert!(answer.set_cookie().is_some_and(|cookie| cookie.contains("Max-Age=0")), "{path}: {answer:?}");
        client.set_cookie(cookie);
        assert_eq!(client.get("/show").await.text, "None", "{path}");
    }
    fill(false);
}

#[tokio::test]
async fn a_logout_needs_no_room_on_redis() {
    let redis = Redis::start();
    redis.run::<String>("CONFIG SET maxmemory-policy noeviction");
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    logouts_remove_the_session(store, |is_full| {
        redis.run::<String>(if is_full { "CONFIG SET maxmemory 1mb" } else { "CONFIG SET maxmemory 0" });
    })
    .await;
    assert_eq!(redis.run::<Vec<String>>("KEYS session:{*"), Vec::<String>::new());
}

#[tokio::test]
async fn a_logout_needs_no_room_in_memory() {
    let store = MemoryStore::new().max_bytes(10_000);
    logouts_remove_the_session(store.clone(), |_| ()).await;
    assert!(store.is_empty());
}
