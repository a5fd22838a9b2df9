//! What a newcomer meets in the first hour: a missing layer, no log subscriber, and the events of a session's life.

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use session::testing::{FailingStore, Fault};
use session::{ErrorKind, LoggedIn, MemoryStore, Rejection, Session, Sessions};
use session_tests::client::{Client, ask};

use crate::log::Log;

#[derive(Session)]
pub(crate) struct Web {
    #[session(user)]
    user: Option<u64>,
    #[session(merge = counter)]
    visits: u64,
}

fn routes() -> Router {
    Router::new()
        .route(
            "/visit",
            get(async |mut session: Session<Web>| {
                session.visits += 1;
                session.visits.to_string()
            }),
        )
        .route("/login", post(async |mut session: Session<Web>| session.login(7)))
        .route("/logout", post(async |mut session: Session<Web>| session.logout()))
        .route("/rotate", post(async |mut session: Session<Web>| session.rotate()))
        .route("/account", get(async |LoggedIn(session): LoggedIn<Web>| format!("{:?}", session.user)))
        .route(
            "/greet",
            get(async |user: Option<LoggedIn<Web>>| match user {
                Some(LoggedIn(session)) => format!("user {:?}", session.user),
                None => "stranger".into(),
            }),
        )
        .route(
            "/maybe",
            get(async |session: Result<Session<Web>, Rejection>| match session {
                Ok(session) => session.visits.to_string(),
                Err(rejection) => format!("no session: {:?}", rejection.error().kind()),
            }),
        )
        .route(
            "/commit",
            post(async |mut session: Session<Web>| {
                session.visits += 1;
                session.commit().await
            }),
        )
}

fn sessions() -> Sessions<Web> {
    Sessions::builder().store(MemoryStore::new()).build().unwrap()
}

fn request(path: &str) -> http::Request<axum::body::Body> {
    http::Request::get(path).body(axum::body::Body::empty()).unwrap()
}

#[tokio::test]
async fn sessions_are_a_layer() {
    let client = Client::new(routes().layer(sessions()));
    assert_eq!(client.get("/visit").await.text, "1");
    assert_eq!(client.get("/visit").await.text, "2");
}

#[tokio::test]
async fn logged_in_can_be_optional() {
    let client = Client::new(routes().layer(sessions()));
    assert_eq!(client.get("/greet").await.text, "stranger");
    client.post("/login").await;
    assert_eq!(client.get("/greet").await.text, "user Some(7)");
}

#[tokio::test]
async fn a_missing_layer_is_explained_in_the_body_of_a_debug_build() {
    let answer = ask(&routes(), request("/visit")).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text.contains("no session layer for `") && answer.text.contains("`.layer(sessions)`"), "{answer:?}");
    assert_eq!(ask(&routes(), request("/maybe")).await.text, "no session: Misconfigured");
}

/// Also on a route that does not use its session: the mistake is in the router.
#[tokio::test]
async fn two_layers_are_explained_in_the_body_of_a_debug_build() {
    let app = routes().route("/plain", get(async || "fine")).layer(sessions()).layer(sessions());
    for path in ["/visit", "/plain"] {
        let answer = ask(&app, request(path)).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let text = "two session layers around one route share the cookie `__Host-web`";
        assert!(answer.text.contains(text), "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}

#[tokio::test]
async fn the_cause_of_a_failure_is_in_the_body_of_a_debug_build() {
    let store = FailingStore::new(MemoryStore::new());
    let client = Client::new(routes().layer(Sessions::<Web>::builder().store(store.clone()).build().unwrap()));
    client.get("/visit").await;
    store.fail(Fault::Before);
    let text = client.get("/visit").await.text;
    assert!(text.contains("the session store is unavailable: injected: the call was not sent"), "{text}");
}

/// Middleware outside of the session layer runs before it: the advice names the order of layers.
#[tokio::test]
async fn middleware_outside_of_the_layer_gets_advice_that_fits() {
    async fn count(mut session: Session<Web>, request: Request, next: Next) -> Response {
        session.visits += 1;
        drop(session);
        next.run(request).await
    }
    let outside = routes().layer(sessions()).layer(from_fn(count));
    let answer = ask(&outside, request("/visit")).await;
    assert!(answer.text.contains("the layer that is added last runs first"), "{answer:?}");
    let inside = Client::new(routes().layer(from_fn(count)).layer(sessions()));
    assert_eq!(inside.get("/visit").await.text, "2");
}

/// The kind of a failure is in the response's extensions, so that an outer layer can draw the page.
#[tokio::test]
async fn an_outer_layer_can_draw_the_page_of_a_failure() {
    async fn draw(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        if let Some(kind) = response.extensions().get::<ErrorKind>() {
            *response.body_mut() = format!("a page for {kind:?}").into();
        }
        response
    }
    let store = FailingStore::new(MemoryStore::new());
    let retry = std::time::Duration::from_secs(17);
    let sessions = Sessions::<Web>::builder().store(store.clone()).retry_after(retry).build().unwrap();
    let client = Client::new(routes().layer(sessions).layer(Extension(())).layer(from_fn(draw)));
    client.get("/visit").await;
    store.fail(Fault::Before);
    for (method, path) in [("GET", "/visit"), ("POST", "/commit"), ("GET", "/account"), ("POST", "/login")] {
        let answer = client.send(method.parse().unwrap(), path).await;
        assert_eq!(
            (answer.status, &*answer.text),
            (StatusCode::SERVICE_UNAVAILABLE, "a page for Unavailable"),
            "{path}"
        );
        assert_eq!(answer.header("retry-after"), Some("17"), "{path}");
    }
    store.heal();
    let answer = client.get("/account").await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::UNAUTHORIZED, "a page for Unauthenticated"));
}

/// A handler that returns the error of a commit answers with the builder's `retry_after` too.
#[tokio::test]
async fn a_returned_error_honours_the_settings() {
    let store = FailingStore::new(MemoryStore::new());
    let retry = std::time::Duration::from_secs(17);
    let sessions = Sessions::<Web>::builder().store(store.clone()).retry_after(retry).build().unwrap();
    let client = Client::new(routes().layer(sessions));
    store.fail(Fault::Before);
    let answer = client.post("/commit").await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("17")));
}

/// A page that works without its session depends on the cookie all the same: a shared cache must not keep it.
#[tokio::test]
async fn a_page_without_its_session_is_private() {
    let store = FailingStore::new(MemoryStore::new());
    let client = Client::new(routes().layer(Sessions::<Web>::builder().store(store.clone()).build().unwrap()));
    client.get("/visit").await;
    store.fail(Fault::Before);
    let answer = client.get("/maybe").await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::OK, "no session: Unavailable"));
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (Some("private"), Some("cookie")));
    store.heal();
    assert_eq!(client.get("/maybe").await.text, "1", "the recycled request has no memory of the failure");
}

/// A task that asks for the session after the response gets an error, never an empty session.
#[tokio::test]
async fn a_session_is_not_extracted_after_the_response() {
    let kept = Arc::new(Mutex::new(None));
    let parts = Arc::clone(&kept);
    let keep = async move |request: Request| *parts.lock().unwrap() = Some(request.into_parts().0);
    let client = Client::new(routes().route("/keep", get(keep)).layer(sessions()));
    client.get("/visit").await;
    client.get("/keep").await;
    let parts = kept.lock().unwrap().take().unwrap();
    let error = Sessions::<Web>::extract(&parts.extensions, &parts.headers).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("after the response had left"), "{error}");
}

#[tokio::test]
async fn the_life_of_a_session_is_logged() {
    let log = Log::start();
    let client = Client::new(routes().layer(sessions()));

    client.get("/visit").await;
    let created = log.take();
    assert!(
        created.contains("DEBUG") && created.contains("session created") && created.contains("[\"visits\"]"),
        "{created}"
    );
    client.get("/visit").await;
    let committed = log.take();
    assert!(committed.contains("TRACE") && committed.contains("session loaded"), "{committed}");
    assert!(committed.contains("session committed") && committed.contains("[\"visits\"]"), "{committed}");
    assert!(!committed.contains("rotated"), "{committed}");
    let old = client.cookie();
    client.post("/login").await;
    let rotated = log.take();
    assert!(rotated.contains("session token rotated") && rotated.contains("[\"user\"]"), "{rotated}");
    let secret = client.cookie().unwrap();
    let secret = secret.split('=').next_back().unwrap();
    assert!(!rotated.contains(secret), "no token is ever logged");
    let new = client.cookie();
    client.set_cookie(old);
    client.get("/visit").await;
    assert!(log.take().contains("the session cookie did not open: a login, logout or rotation replaced it"));
    client.set_cookie(Some("__Host-web=nonsense".into()));
    client.get("/maybe").await;
    assert!(log.take().contains("the session cookie did not open: its value is none of ours"));
    client.set_cookie(new);
    client.post("/logout").await;
    assert!(log.take().contains("session ended"));
}

const CHILD: &str = "SESSION_TEST_SILENT_CHILD";

/// What the test `test` prints to standard error as a process of its own, without a subscriber.
fn printed_by_child(test: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let test = format!("newcomer::{test}");
    let output = child.args(["--exact", &test, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}");
    printed
}

/// A session whose response has left.
async fn kept_after_the_response() -> Session<Web> {
    let kept: Arc<Mutex<Option<Session<Web>>>> = Arc::default();
    let place = Arc::clone(&kept);
    let keep = get(async move |session: Session<Web>| drop(place.lock().unwrap().replace(session)));
    ask(&routes().route("/keep", keep).layer(sessions()), request("/keep")).await;
    kept.lock().unwrap().take().unwrap()
}

/// The first failure of a kind is printed to standard error, once, if nothing else shows it.
#[tokio::test]
async fn a_debug_build_without_a_subscriber_is_not_silent() {
    if std::env::var_os(CHILD).is_some() {
        for _ in 0..3 {
            ask(&routes(), request("/visit")).await;
        }
        return;
    }
    let printed = printed_by_child("a_debug_build_without_a_subscriber_is_not_silent");
    assert_eq!(printed.matches("no session layer for `").count(), 1, "{printed}");
    assert!(printed.contains("tracing_subscriber::fmt::init()"), "{printed}");
}

#[tokio::test]
async fn a_debug_build_without_a_subscriber_prints_the_cause() {
    if std::env::var_os(CHILD).is_some() {
        let store = FailingStore::new(MemoryStore::new());
        let client = Client::new(routes().layer(Sessions::<Web>::builder().store(store.clone()).build().unwrap()));
        client.get("/visit").await;
        store.fail(Fault::Before);
        client.get("/visit").await;
        return;
    }
    let printed = printed_by_child("a_debug_build_without_a_subscriber_prints_the_cause");
    assert!(printed.contains("unavailable: injected: the call was not sent"), "{printed}");
}

/// `tokio::spawn(async move { session.visits += 1 })` compiles, and its change comes after the response.
#[tokio::test]
async fn a_debug_build_without_a_subscriber_prints_a_lost_change() {
    if std::env::var_os(CHILD).is_some() {
        kept_after_the_response().await.visits += 1;
        return;
    }
    let printed = printed_by_child("a_debug_build_without_a_subscriber_prints_a_lost_change");
    let lost = "session: a change was not stored: session `web`: a change came after the response and is lost";
    assert_eq!(printed.matches(lost).count(), 1, "{printed}");
}

#[tokio::test]
async fn a_debug_build_without_a_subscriber_prints_a_lost_rotation() {
    if std::env::var_os(CHILD).is_some() {
        kept_after_the_response().await.rotate();
        return;
    }
    let printed = printed_by_child("a_debug_build_without_a_subscriber_prints_a_lost_rotation");
    assert_eq!(printed.matches("a rotation came after the response and is lost").count(), 1, "{printed}");
}
