//! Warnings that a client can cause are written a few times in each period, and then counted.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use garde::Validate;
use http::header::COOKIE;
use http::{Request, StatusCode};
use session::testing::ManualClock;
use session::{MemoryStore, RedisStore, Session, Sessions, Store};
use session_tests::client::{Client, ask};
use session_tests::servers::Redis;
use tower_http::catch_panic::CatchPanicLayer;

use crate::log::Log;

mod old {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        pub size: String,
    }
}

#[derive(Session, Validate)]
#[session(name = "shop", validate = garde, lock = off)]
struct Shop {
    #[session(user)]
    #[garde(skip)]
    user: Option<u64>,
    #[garde(range(max = 9))]
    amount: u64,
    #[garde(skip)]
    size: u64,
}

fn app(store: impl Store, clock: &ManualClock) -> Router {
    let sessions = Sessions::<Shop>::builder().store(store).clock(clock.clone()).build().unwrap();
    let invalid = async |mut session: Session<Shop>| {
        session.amount = 10;
        session.validate()
    };
    let panics = async |mut session: Session<Shop>| -> StatusCode {
        session.size = 1;
        panic!("a test of panics")
    };
    let late = async |mut session: Session<Shop>, mut other: Session<Shop>| {
        other.size = 5;
        session.logout();
        session.login(3);
        drop((session, other));
    };
    Router::new()
        .route("/login", get(async |mut session: Session<Shop>| session.login(7)))
        .route("/assign", get(async |mut session: Session<Shop>| session.user = session.user.map(|user| user + 1)))
        .route("/read", get(async |session: Session<Shop>| session.size.to_string()))
        .route("/late", get(late))
        .route("/invalid", get(invalid))
        .route("/panics", get(panics))
        .layer(CatchPanicLayer::new())
        .layer(sessions)
}

/// Sends `send` a hundred requests. Five of them may log `line`.
async fn is_limited(log: &Log, line: &str, mut send: impl AsyncFnMut()) {
    log.take();
    for _ in 0..100 {
        send().await;
    }
    let lines = log.take();
    assert_eq!(lines.matches(line).count(), 5, "{line}: {lines}");
}

#[tokio::test(start_paused = true)]
async fn warnings_that_a_client_can_cause_are_limited() {
    let (log, clock) = (Log::start(), ManualClock::new());
    let app = app(MemoryStore::new(), &clock);
    let client = Client::new(app.clone());
    client.get("/login").await;

    let two = || {
        let request = Request::builder().uri("/read").header(COOKIE, "__Host-shop=one; __Host-shop=two");
        ask(&app, request.body(axum::body::Body::empty()).unwrap())
    };
    is_limited(&log, "two session cookies have different values", async || drop(two().await)).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    two().await;
    let lines = log.take();
    assert!(lines.contains("left_out=95"), "the lines that were left out are counted: {lines}");

    for (path, line) in [
        ("/invalid", "the changes of a request are dropped, as its response says"),
        ("/assign", "the `user` field was assigned"),
        ("/late", "changes of a session handle are dropped"),
        ("/panics", "the handler of a request has panicked"),
    ] {
        is_limited(&log, line, async || drop(client.get(path).await)).await;
    }
}

#[tokio::test]
async fn the_warning_about_a_field_that_cannot_be_read_is_limited() {
    let (log, store) = (Log::start(), MemoryStore::new());
    let sessions = Sessions::<old::Shop>::builder().store(store.clone()).build().unwrap();
    let write = get(async |mut session: Session<old::Shop>| session.size = "large".into());
    let client = Client::new(Router::new().route("/", write).layer(sessions));
    client.get("/").await;
    let client = client.at(app(store, &ManualClock::new()));
    is_limited(&log, "a stored field reads as its default", async || {
        assert_eq!(client.get("/read").await.text, "0");
    })
    .await;
}

#[tokio::test]
async fn the_error_about_a_session_that_cannot_be_read_is_limited() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    let client = Client::new(app(store, &ManualClock::new()));
    client.get("/login").await;
    let key = redis.run::<Vec<String>>("KEYS session:{*").pop().unwrap();
    redis.run::<String>(&format!("SET {key} nonsense KEEPTTL"));
    let log = Log::start();
    is_limited(&log, "a stored session cannot be read", async || {
        assert_eq!(client.get("/read").await.status, 200);
    })
    .await;
}
