//! The application's code panics: the request that brought it gets an error that names the field, and no other request
//! is affected.

use std::cell::Cell;
use std::error::Error as _;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use session::testing::{FailingStore, Fault};
use session::{Error, ErrorKind, MemoryStore, Session, Sessions};
use session_tests::client::Client;

use crate::evolution::World;

/// The value at which code panics.
const BAD: u64 = 13;

thread_local! {
    /// Whether the code of the running test panics. Each test has its own thread.
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

fn now_panics(panics: bool) {
    PANICS.set(panics);
}

fn boom() {
    assert!(!PANICS.get(), "a secret value");
}

fn check(error: &Error, kind: ErrorKind, expected: &str) {
    assert_eq!((error.kind(), &*error.to_string()), (kind, expected));
    let mut cause = error.source();
    while let Some(source) = cause {
        assert!(!source.to_string().contains("a secret value"), "{source}");
        cause = source.source();
    }
}

mod one {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        pub size: u16,
        pub role: u16,
        pub visits: u64,
    }
}

fn upgraded(size: u16) -> u32 {
    boom();
    size.into()
}

mod two {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    pub(super) struct Plain {
        #[session(upgrade(in = 2, from = u16, with = super::upgraded))]
        pub size: u32,
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    pub(super) struct Strict {
        #[session(on_corrupt = "reject", upgrade(in = 2, from = u16, with = super::upgraded))]
        pub role: u32,
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, previous = super::one::Shop, lock = off)]
    pub(super) struct Whole {
        pub pages: u64,
    }

    impl From<super::one::Shop> for Whole {
        fn from(old: super::one::Shop) -> Self {
            super::boom();
            Self { pages: old.visits }
        }
    }
}

#[tokio::test]
async fn an_upgrade_that_panics_refuses_its_value() {
    let world = World::memory();
    world.release::<one::Shop>().visit(async |shop| (shop.size, shop.role, shop.visits) = (5, 6, 1)).await;
    now_panics(true);
    let plain = world.release::<two::Plain>();
    plain
        .visit(async |shop| {
            assert_eq!((shop.size, shop.visits), (0, 1), "it has its default, and the others are there");
            let [problem] = shop.problems() else { panic!("{:?}", shop.problems()) };
            assert_eq!(problem.field(), "size");
            let expected = "session `shop`: field `size`: the upgrade of the stored value panicked (stored by version \
                            1, read by version 2)";
            check(problem.error(), ErrorKind::Undecodable, expected);
            shop.visits += 1;
        })
        .await;
    let refused = world.release::<two::Strict>().attempt(async |_| ()).await.outcome.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Undecodable);
    assert!(refused.to_string().starts_with("session `shop`: field `role`: "), "{refused}");
    now_panics(false);
    plain.visit(async |shop| assert_eq!((shop.size, shop.visits), (5, 2), "the value was kept")).await;
}

#[tokio::test]
async fn a_conversion_that_panics_fails_its_request() {
    let world = World::memory();
    world.release::<one::Shop>().visit(async |shop| shop.visits = 3).await;
    now_panics(true);
    let whole = world.release::<two::Whole>();
    let error = whole.attempt(async |_| ()).await.outcome.unwrap_err();
    check(&error, ErrorKind::Panicked, "session `shop`: the conversion of its `previous` panicked");
    now_panics(false);
    whole.visit(async |shop| assert_eq!(shop.pages, 3)).await;
}

#[derive(Session)]
#[session(name = "defaults", lock = off)]
struct Defaults {
    #[session(default = default())]
    size: u64,
    #[session(survive)]
    theme: String,
    visits: u64,
    #[session(user)]
    user: Option<u64>,
}

fn default() -> u64 {
    boom();
    20
}

#[derive(Session)]
#[session(name = "skipping", lock = off)]
struct Skipping {
    visits: u64,
    #[session(skip, default = default())]
    size: u64,
}

#[tokio::test]
async fn a_default_that_panics_fails_its_request() {
    let (world, release) = {
        let world = World::memory();
        let release = world.release::<Defaults>();
        (world, release)
    };
    let expected = "session `defaults`: field `size`: its default panicked";
    now_panics(true);
    let error = release.attempt(async |_| ()).await.outcome.unwrap_err();
    check(&error, ErrorKind::Panicked, expected);
    let error = World::memory().release::<Skipping>().attempt(async |_| ()).await.outcome.unwrap_err();
    check(&error, ErrorKind::Panicked, "session `skipping`: the default of a field with `skip` panicked");
    now_panics(false);
    release
        .visit(async |session| {
            session.login(7);
            (session.size, session.visits) = (1, 1);
            session.theme = "dark".into();
        })
        .await;
    let logged_out = release
        .attempt(async |session| {
            now_panics(true);
            session.logout();
            session.commit().await
        })
        .await;
    now_panics(false);
    check(&logged_out.outcome.unwrap().unwrap_err(), ErrorKind::Panicked, expected);
    assert_eq!(logged_out.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.stored("visits").await, None, "the logout is carried out all the same");
}

/// Panics when it is written at 13, and when it is read at 14.
#[derive(Debug, Default, PartialEq)]
struct Fragile(u64);

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, BAD, "a secret value");
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(deserializer)?;
        assert_ne!(value, BAD + 1, "a secret value");
        Ok(Self(value))
    }
}

#[derive(Session)]
#[session(name = "fragile", lock = off)]
struct Holder {
    fragile: Fragile,
    visits: u64,
}

#[tokio::test]
async fn serde_implementations_that_panic() {
    let world = World::memory();
    let release = world.release::<Holder>();
    release.visit(async |session| session.visits = 1).await;
    let answer = release
        .attempt(async |session| {
            session.fragile = Fragile(BAD);
            session.commit().await
        })
        .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let error = answer.outcome.unwrap().unwrap_err();
    check(&error, ErrorKind::Panicked, "session `fragile`: field `fragile`: its `Serialize` panicked");
    let unread = release.attempt(async |session| session.fragile = Fragile(BAD)).await;
    assert_eq!(unread.status, StatusCode::INTERNAL_SERVER_ERROR, "also without a call that could fail");

    world.plant("fragile", b"14").await;
    release
        .visit(async |session| {
            let [problem] = session.problems() else { panic!("{:?}", session.problems()) };
            assert_eq!((problem.field(), problem.error().kind()), ("fragile", ErrorKind::Undecodable));
            session.visits += 1;
        })
        .await;
    assert_eq!(world.stored("fragile").await.unwrap(), "14", "the stored value was kept");
}

fn rule(value: &u64, (): &()) -> garde::Result {
    assert_ne!(*value, BAD, "a secret value");
    Ok(())
}

#[derive(Session, Validate)]
#[session(name = "ruled", validate = garde, lock = off)]
struct Ruled {
    #[garde(custom(rule))]
    size: u64,
    #[garde(skip)]
    visits: u64,
}

#[tokio::test]
async fn a_rule_that_panics_fails_the_request_that_brought_the_value() {
    let world = World::memory();
    let release = world.release::<Ruled>();
    release.visit(async |session| session.visits = 1).await;
    let answer = release
        .attempt(async |session| {
            session.size = BAD;
            session.commit().await
        })
        .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let expected = "session `ruled`: a rule of validation panicked; changed: `size`";
    check(&answer.outcome.unwrap().unwrap_err(), ErrorKind::Panicked, expected);
    release.visit(async |session| assert_eq!((session.size, session.visits), (0, 1))).await;

    world.plant("size", b"13").await;
    let error = release.attempt(async |_| ()).await.outcome.unwrap_err();
    check(&error, ErrorKind::Panicked, "session `ruled`: a rule of validation panicked");
}

fn merged(base: u64, ours: u64, theirs: u64) -> u64 {
    assert_ne!(ours - base, BAD, "a secret value");
    theirs + ours - base
}

#[derive(Session)]
#[session(name = "merging", lock = off)]
struct Merging {
    #[session(merge = with(merged))]
    sum: u64,
    visits: u64,
}

/// Requests that wait for one session are committed in a batch. One that panics leaves it.
#[tokio::test(start_paused = true)]
async fn a_merge_that_panics_fails_only_its_own_request() {
    let store = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Merging>::builder().store(store.clone()).build().unwrap();
    let app = Router::new()
        .route("/add/{n}", post(async |mut session: Session<Merging>, Path(n): Path<u64>| session.sum += n))
        .route(
            "/commit/{n}",
            post(async |mut session: Session<Merging>, Path(n): Path<u64>| {
                session.sum += n;
                session.commit().await.map_err(|error| error.to_string()).err().unwrap_or_default()
            }),
        )
        .route("/read", get(async |session: Session<Merging>| session.sum.to_string()))
        .layer(sessions.layer());
    let client = Client::new(app);
    client.post("/add/1").await;
    store.fail(Fault::Delay(Duration::from_millis(50)));
    // The first one holds the store, and the others wait in its queue.
    let (first, second, bad, last) = tokio::join!(
        client.post("/add/10"),
        client.post("/add/100"),
        client.post("/commit/13"),
        client.post("/add/1000")
    );
    store.heal();
    assert_eq!([first, second, last].map(|answer| answer.status.as_u16()), [200; 3]);
    assert_eq!(bad.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(client.get("/read").await.text, "1111");
    assert_eq!(client.post("/commit/5").await.text, "");
    assert_eq!(client.get("/read").await.text, "1116");
}
