//! A request that fails still logs out, and what it was told is not stored is not stored later.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::StatusCode;
use session::{ErrorKind, Violations};
use tokio::time::timeout;

use super::*;

mod ruled {
    use garde::Validate;
    use session::Session;

    #[derive(Session, Validate)]
    #[session(name = "shop", validate = garde, lock = off)]
    pub struct Ruled {
        #[garde(skip)]
        #[session(user)]
        pub user: Option<u64>,
        #[garde(length(max = 3))]
        pub name: String,
        #[garde(length(max = 3))]
        #[session(survive)]
        pub theme: String,
        #[garde(skip)]
        #[session(flash)]
        pub error: Option<String>,
    }
}

type Ruled = Session<ruled::Ruled>;

async fn still_logged_in<T: 'static>(go: impl Handler<T, ()>) -> (u16, String) {
    let sessions = Sessions::<ruled::Ruled>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/go", post(go))
        .route("/login", post(async |mut session: Ruled| session.login(7)))
        .route("/who", get(async |session: Ruled| format!("{:?}", session.user)))
        .layer(sessions);
    let client = Client::new(app);
    client.post("/login").await;
    let cookie = client.cookie();
    let status = client.post("/go").await.status.as_u16();
    client.set_cookie(cookie);
    (status, client.get("/who").await.text)
}

#[tokio::test]
async fn a_logout_is_carried_out_although_the_request_fails() {
    for (status, expected) in [(422, 422), (500, 500), (200, 500)] {
        let status = StatusCode::from_u16(status).unwrap();
        let after_a_failed_commit = async move |mut session: Ruled| {
            session.name = "too long".into();
            assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::Invalid);
            session.logout();
            status
        };
        assert_eq!(still_logged_in(after_a_failed_commit).await, (expected, "None".into()));
        let with_a_value_that_breaks_a_rule = async move |mut session: Ruled| {
            session.theme = "too long".into();
            session.logout();
            status
        };
        assert_eq!(still_logged_in(with_a_value_that_breaks_a_rule).await, (expected, "None".into()));
    }
}

#[tokio::test]
async fn invalid_fields_can_be_taken_back() {
    let sessions = Sessions::<ruled::Ruled>::builder().store(MemoryStore::new()).build().unwrap();
    let rename = async |mut session: Ruled| {
        session.name = "too long".into();
        session.theme = "red".into();
        let broken: Violations = session.discard_invalid().unwrap_err();
        session.error = Some(broken.to_string());
        StatusCode::SEE_OTHER
    };
    let show = async |mut session: Ruled| {
        let error = session.take_error().unwrap_or_default();
        format!("{:?} {:?} {}", session.name, session.theme, error.contains("name"))
    };
    let app = Router::new().route("/rename", post(rename)).route("/show", get(show)).layer(sessions);
    let client = Client::new(app);
    assert_eq!(client.post("/rename").await.status, 303);
    assert_eq!(client.get("/show").await.text, "\"\" \"red\" true");
}

/// The commit at the end of a request fails. A task with another handle does not store it later.
#[tokio::test]
async fn what_was_answered_with_503_is_not_stored_later() {
    let (send, receive) = tokio::sync::oneshot::channel::<Handed>();
    let send = std::sync::Arc::new(std::sync::Mutex::new(Some(send)));
    let world = world(async move |mut session: Handed, other: Handed| {
        session.visits += 1;
        if let Some(send) = send.lock().unwrap().take() {
            assert!(send.send(other).is_ok());
        }
    });
    world.client.post("/shop").await;
    world.line.fail_next(Fault::Delay(Duration::ZERO), 1);
    let line = world.line.clone();
    line.reset_calls();
    let saboteur = tokio::spawn(async move {
        while line.calls().loads == 0 {
            tokio::task::yield_now().await;
        }
        line.fail(Fault::Before);
    });
    assert_eq!(world.go().await, 503);
    saboteur.await.unwrap();
    world.line.heal();
    let mut other = receive.await.unwrap();
    let _ = other.commit().await;
    drop(other);
    world.client.post("/visit").await;
    assert_eq!(world.client.post("/number").await.text, "1", "only the visit");
}

/// A handler stops waiting for its commit and answers 504, and the commit fails after that.
#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_after_a_5xx_stores_nothing() {
    let inner = FailingStore::new(MemoryStore::new());
    let outer = FailingStore::new(inner.clone());
    let (line, slow) = (inner.clone(), outer.clone());
    let sessions = Sessions::<Shop>::builder().store(outer).build().unwrap();
    let go = async move |mut session: Handed| {
        slow.fail_next(Fault::Delay(Duration::from_millis(50)), 1);
        line.fail_next(Fault::Before, 1);
        session.login(7);
        session.name = "seven".into();
        timeout(Duration::from_millis(10), session.commit()).await.unwrap_err();
        StatusCode::GATEWAY_TIMEOUT
    };
    let app = Router::new()
        .route("/go", post(go))
        .route("/shop", post(async |mut session: Handed| session.cart.push("tea".into())))
        .route("/show", get(async |session: Handed| show(&session)))
        .layer(sessions);
    let client = Client::new(app);
    client.post("/shop").await;
    assert_eq!(client.post("/go").await.status, 504);
    assert_eq!(client.get("/show").await.text, "None \"\" \"\" [\"tea\"]");
}

/// A middleware logs a new visitor in.
#[tokio::test]
async fn an_optional_session_is_there_after_a_login_of_this_request() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let around = from_fn(async |mut session: Handed, request: Request, next: Next| {
        if request.uri().query() == Some("login") {
            session.login(7);
        }
        drop(session);
        next.run(request).await
    });
    let show = async |session: Option<Handed>| session.map_or("none".into(), |session| format!("{:?}", session.user));
    let client = Client::new(Router::new().route("/", get(show)).layer(around).layer(sessions));
    assert_eq!(client.get("/").await.text, "none");
    assert_eq!(client.get("/?login").await.text, "Some(7)");
}
