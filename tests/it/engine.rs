//! What happens at the edges of a request: deadlines, failures, cancellation, several extractors, work that outlives it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use session::testing::{FailingStore, ManualClock};
use session::{Builder, Detached, ErrorKind, MemoryStore, Secret, Session, Sessions};
use session_tests::client::Client;
use tokio::sync::{Mutex, Notify};
use tower::ServiceExt as _;

#[derive(Session)]
#[session(idle = "30m", absolute = "12h")]
struct Shop {
    #[session(user)]
    user: Option<String>,
    #[session(rotate)]
    admin: bool,
    #[session(merge = counter)]
    visits: u64,
    plain: u64,
    #[session(conflict = "reject")]
    strict: u64,
    #[session(merge = log(3))]
    recent: Vec<u32>,
    #[session(survive)]
    theme: String,
    token: Option<Secret<String>>,
    odd: Odd,
}

/// Cannot be written when it is `true`.
#[derive(Default, Deserialize)]
struct Odd(bool);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            Err(serde::ser::Error::custom("odd"))
        } else {
            serializer.serialize_bool(false)
        }
    }
}

struct World {
    client: Client,
    store: FailingStore<MemoryStore>,
    clock: ManualClock,
    gate: Arc<Notify>,
    detached: Arc<Mutex<Option<Detached<Shop>>>>,
}

fn world(settings: impl FnOnce(Builder<Shop>) -> Builder<Shop>) -> World {
    let (store, clock, gate) = (
        FailingStore::new(MemoryStore::new()),
        ManualClock::new(),
        Arc::new(Notify::new()),
    );
    let detached = Arc::new(Mutex::new(None));
    let builder = Sessions::<Shop>::builder().store(store.clone()).clock(clock.clone());
    let sessions = settings(builder).build().unwrap();
    let (waiting, kept, later) = (gate.clone(), detached.clone(), gate.clone());
    let app = Router::new()
        .route(
            "/visit",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.visits.to_string()
            }),
        )
        .route(
            "/read",
            get(async |session: Session<Shop>| format!("{} {} {:?}", session.visits, session.plain, session.user)),
        )
        .route(
            "/login",
            post(async |mut session: Session<Shop>| {
                session.login("ann".into());
                session.set_plain(5)
            }),
        )
        .route(
            "/assign",
            post(async |mut session: Session<Shop>| session.user = Some("bob".into())),
        )
        .route(
            "/admin",
            post(async |mut session: Session<Shop>| session.set_admin(true)),
        )
        .route("/rotate", post(async |mut session: Session<Shop>| session.rotate()))
        .route(
            "/logout500",
            post(async |mut session: Session<Shop>| {
                session.logout();
                session.set_visits(9);
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/destroy500",
            post(async |session: Session<Shop>| {
                session.destroy();
                StatusCode::BAD_GATEWAY
            }),
        )
        .route(
            "/visit500",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/visit404",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                StatusCode::NOT_FOUND
            }),
        )
        .route(
            "/odd",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.odd.0 = true
            }),
        )
        .route(
            "/panic",
            get(async |mut session: Session<Shop>| -> () {
                session.visits += 1;
                panic!("on purpose")
            }),
        )
        .route(
            "/slow",
            get(async move |mut session: Session<Shop>| {
                session.visits += 1;
                waiting.notified().await
            }),
        )
        .route(
            "/log",
            post(async |mut session: Session<Shop>| {
                let next = session.visits as u32;
                session.visits += 1;
                session.recent.push(next);
                format!("{:?}", session.recent)
            }),
        )
        .route(
            "/commit",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.commit().await?;
                session.visits += 10;
                session.commit().await?;
                Ok::<_, session::Error>(session.visits.to_string())
            }),
        )
        .route(
            "/update",
            get(async |mut session: Session<Shop>| {
                session
                    .update(|session| {
                        session.plain += 1;
                        session.plain.to_string()
                    })
                    .await
            }),
        )
        .route(
            "/two",
            get(async |mut one: Session<Shop>, mut two: Session<Shop>| {
                one.visits += 1;
                two.visits += 1;
                one.plain = 3;
                two.theme = "dark".into()
            }),
        )
        .route(
            "/keys",
            get(async |mut session: Session<Shop>| {
                session.set(Shop::VISITS, 40);
                session.set_visits(session.visits() + 2);
                session.add_visits(1);
                session.reset(Shop::PLAIN);
                format!("{} {}", session.get(Shop::VISITS), session.get(Shop::PLAIN))
            }),
        )
        .route(
            "/keep",
            get(async move |session: Session<Shop>| *kept.lock().await = Some(session.detach())),
        )
        .route(
            "/late",
            get(async move |mut session: Session<Shop>| {
                tokio::spawn(async move {
                    later.notified().await;
                    session.visits += 100;
                    drop(session);
                    later.notify_one()
                });
            }),
        )
        .route(
            "/secret",
            get(async |mut session: Session<Shop>| {
                session.token = Some(Secret::new("hunter2".into()));
                format!("{:?} {session:?}", session.token)
            }),
        )
        .layer(from_fn(
            async |session: Option<Session<Shop>>, request: Request, next: Next| {
                drop(session);
                next.run(request).await
            },
        ))
        .layer(sessions.layer());
    World {
        client: Client::new(app),
        store,
        clock,
        gate,
        detached,
    }
}

impl World {
    async fn visits(&self) -> String {
        self.client
            .get("/read")
            .await
            .text
            .split(' ')
            .next()
            .unwrap()
            .to_owned()
    }
}

#[tokio::test]
async fn idle_and_absolute_deadlines() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(world.visits().await, "1", "a second before the idle deadline");
    world.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(world.visits().await, "1", "reading has moved it");
    world.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(world.visits().await, "0", "at the deadline it is over");
    world.client.get("/visit").await;
    for _ in 0..12 * 4 - 1 {
        world.clock.advance(Duration::from_secs(15 * 60));
        assert_eq!(world.visits().await, "1");
    }
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(world.visits().await, "0", "used or not, after twelve hours it is over");
}

#[tokio::test]
async fn a_login_begins_a_new_life() {
    let world = world(|builder| builder.idle(Duration::from_secs(12 * 3600 - 1)));
    world.client.get("/visit").await;
    world.clock.advance(Duration::from_secs(11 * 3600));
    world.client.post("/login").await;
    world.clock.advance(Duration::from_secs(11 * 3600));
    assert_eq!(world.client.get("/read").await.text, "0 5 Some(\"ann\")");
}

#[tokio::test]
async fn touches_are_throttled() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.store.reset_calls();
    for _ in 0..120 {
        world.clock.advance(Duration::from_secs(1));
        world.visits().await;
    }
    assert_eq!((world.store.calls().loads, world.store.calls().touches), (120, 2));
}

#[tokio::test]
async fn privilege_changes_rotate_whether_or_not_login_was_called() {
    let world = world(|builder| builder);
    for path in ["/visit", "/assign", "/admin", "/rotate", "/login"] {
        let before = world.client.cookie();
        if path == "/visit" {
            world.client.get(path).await
        } else {
            world.client.post(path).await
        };
        assert_ne!(world.client.cookie(), before, "{path}");
        if let Some(before) = before {
            let now = world.client.cookie();
            world.client.set_cookie(Some(before));
            assert_eq!(world.visits().await, "0", "{path}: the old id is dead at once");
            assert_eq!(
                world.client.get("/read").await.set_cookie(),
                None,
                "and the cookie is left alone"
            );
            world.client.set_cookie(now);
        }
    }
}

#[tokio::test]
async fn server_errors_drop_data_but_not_lifecycle() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/visit500").await;
    assert_eq!(world.visits().await, "1");
    world.client.get("/visit404").await;
    assert_eq!(world.visits().await, "2", "a client error is an answer like any other");
    world.client.post("/login").await;
    let cookie = world.client.cookie();
    assert_eq!(world.client.post("/logout500").await.status, 500);
    world.client.set_cookie(cookie);
    assert_eq!(
        world.client.get("/read").await.text,
        "0 0 None",
        "logged out all the same"
    );
    world.client.get("/visit").await;
    let cookie = world.client.cookie();
    assert_eq!(world.client.post("/destroy500").await.status, 502);
    world.client.set_cookie(cookie);
    assert_eq!(world.visits().await, "0");
}

#[tokio::test]
async fn the_policy_on_server_errors_is_a_setting() {
    let world = world(Builder::commit_on_server_error);
    world.client.get("/visit500").await;
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn a_value_that_cannot_be_written_is_an_error_and_nothing_is_saved() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    assert_eq!(world.client.get("/odd").await.status, 500);
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn a_panicking_handler_commits_nothing() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    let client = world.client.clone();
    assert!(tokio::spawn(async move { client.get("/panic").await }).await.is_err());
    assert_eq!(world.visits().await, "1");
}

/// A request is dropped at its first, second, third … poll. The store is as before it or as after it, never between; and
/// once the commit has begun, it is carried out.
#[tokio::test]
async fn a_cancelled_request_commits_all_or_nothing() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    let client = world.client.clone();
    world.store.reset_calls();
    let slow = tokio::spawn(async move { client.get("/slow").await });
    while world.store.calls().loads == 0 {
        tokio::task::yield_now().await;
    }
    slow.abort();
    assert!(slow.await.is_err());
    assert_eq!(world.visits().await, "1", "cancelled before its end");
    world
        .store
        .fail(session::testing::Fault::Delay(Duration::from_millis(20)));
    let client = world.client.clone();
    let before = world.store.calls().commits;
    let leaving = tokio::spawn(async move { client.get("/visit").await });
    while world.store.calls().commits == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    leaving.abort();
    assert!(leaving.await.is_err());
    world.store.heal();
    for _ in 0..200 {
        if world.visits().await == "2" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the commit had begun, and was dropped with the client");
}

#[tokio::test]
async fn extractors_of_one_request_share_one_load_and_one_commit() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.store.reset_calls();
    assert_eq!(world.client.get("/two").await.status, 200);
    assert_eq!(
        (
            world.store.calls().loads,
            world.store.calls().commits,
            world.store.calls().total()
        ),
        (1, 1, 2)
    );
    assert_eq!(
        world.client.get("/read").await.text,
        "3 3 None",
        "both counted, both fields kept"
    );
}

#[tokio::test]
async fn explicit_commit_and_update() {
    let world = world(|builder| builder);
    let answer = world.client.get("/commit").await;
    assert_eq!(answer.text, "11");
    assert!(
        answer.set_cookie().is_some(),
        "the cookie of a session made half-way goes out with the response"
    );
    assert_eq!(world.visits().await, "11");
    assert_eq!(world.client.get("/update").await.text, "1");
    assert_eq!(world.client.get("/update").await.text, "2");
    world.store.reset_calls();
    world.client.get("/update").await;
    assert_eq!((world.store.calls().loads, world.store.calls().commits), (1, 1));
    assert_eq!(world.client.get("/keys").await.text, "43 0");
    assert_eq!(world.client.get("/read").await.text, "43 0 None");
}

#[tokio::test]
async fn update_of_a_new_session_makes_it() {
    let world = world(|builder| builder);
    assert_eq!(world.client.get("/update").await.text, "1");
    assert_eq!(world.client.get("/update").await.text, "2");
}

#[tokio::test]
async fn logs_keep_the_newest() {
    let world = world(|builder| builder);
    for _ in 0..5 {
        world.client.post("/log").await;
    }
    assert_eq!(
        world.client.post("/log").await.text,
        "[2, 3, 4, 5]",
        "capped when it is stored"
    );
}

#[tokio::test]
async fn a_detached_session_outlives_its_request() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/keep").await;
    let detached = world.detached.lock().await.take().unwrap();
    assert_eq!(
        detached
            .update(|session| {
                session.visits += 1;
                session.visits
            })
            .await
            .unwrap(),
        2
    );
    assert_eq!(world.visits().await, "2");
    let error = detached
        .update(|session| session.login("eve".into()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    world.client.post("/rotate").await;
    let error = detached.update(|session| session.visits += 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Superseded, "it was made before the rotation");
    world.client.get("/keep").await;
    let detached = world.detached.lock().await.take().unwrap();
    world.client.post("/destroy500").await;
    let error = detached.update(|session| session.visits += 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
}

#[tokio::test]
async fn what_comes_after_the_response_is_not_saved() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/late").await;
    world.gate.notify_one();
    world.gate.notified().await;
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let world = world(|builder| builder);
    let text = world.client.get("/secret").await.text;
    assert_eq!(text, "Some(Secret(…)) ShopSession { .. }");
}

#[tokio::test]
async fn a_missing_layer_names_itself() {
    let app: Router = Router::new().route("/", get(async |_: Session<Shop>| "never"));
    let answer = session_tests::client::ask(&app, http::Request::new(Body::empty())).await;
    assert_eq!(answer.status, 500);
    let request = http::Request::new(());
    let error = session::tower::session::<Shop>(request.extensions(), request.headers())
        .await
        .unwrap_err();
    assert!(error.to_string().contains(".layer(sessions.layer())"), "{error}");
}

#[tokio::test]
async fn two_layers_of_one_kind_are_refused() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/", get(async || "fine"))
        .layer(sessions.layer())
        .layer(sessions.layer());
    let answer = app.oneshot(http::Request::new(Body::empty())).await.unwrap();
    assert_eq!(answer.status(), 500);
}

#[tokio::test]
async fn cache_control_of_a_handler_is_kept_only_if_it_is_private() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route(
            "/public",
            get(async |_: Session<Shop>| [("cache-control", "public, max-age=60")]),
        )
        .route(
            "/private",
            get(async |_: Session<Shop>| [("cache-control", "max-age=60, Private")]),
        )
        .layer(sessions.layer());
    let client = Client::new(app);
    assert_eq!(client.get("/public").await.header("cache-control"), Some("private"));
    assert_eq!(
        client.get("/private").await.header("cache-control"),
        Some("max-age=60, Private")
    );
}
