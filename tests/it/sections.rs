//! Two session types in one app: each with its own cookie and store, or as sections of one record.

use axum::Router;
use axum::routing::{get, post};
use session::testing::FailingStore;
use session::{ErrorKind, LoggedIn, MemoryStore, Rejection, Session, Sessions};
use session_tests::client::{Client, ask};

#[derive(Session)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
    #[session(survive)]
    theme: String,
}

/// The session section of a library.
#[derive(Session)]
#[session(name = "auth")]
struct Auth {
    #[session(user)]
    user: Option<u64>,
}

fn routes() -> Router {
    Router::new()
        .route(
            "/visit",
            get(async |mut shop: Session<Shop>| {
                shop.visits += 1;
                shop.theme = "dark".into();
                shop.visits.to_string()
            }),
        )
        .route("/login", post(async |mut auth: Session<Auth>| auth.login(7)))
        .route("/logout", post(async |mut auth: Session<Auth>| auth.logout()))
        .route(
            "/both",
            get(async |shop: Session<Shop>, auth: Session<Auth>| {
                format!("{} {} {:?}", shop.visits, shop.theme, auth.user)
            }),
        )
        .route("/account", get(async |LoggedIn(auth): LoggedIn<Auth>| auth.user.unwrap_or_default().to_string()))
}

#[tokio::test]
async fn sections_of_one_record() {
    let store = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(store.clone()).section::<Auth>().build().unwrap();
    let client = Client::new(routes().layer(sessions.layer()));
    client.get("/visit").await;
    store.reset_calls();
    assert_eq!(client.get("/both").await.text, "1 dark None");
    assert_eq!(store.calls().total(), 1, "one load for both");
    client.post("/login").await;
    client.get("/visit").await;
    assert_eq!(client.get("/both").await.text, "1 dark Some(7)", "a login in one resets what does not survive in both");
    assert_eq!(client.get("/account").await.text, "7");
    client.post("/logout").await;
    assert_eq!(client.get("/both").await.text, "0 dark None");
    assert_eq!(client.get("/account").await.status, 401);
}

#[tokio::test]
async fn a_cookie_and_a_store_each() {
    let (one, two) = (FailingStore::new(MemoryStore::new()), FailingStore::new(MemoryStore::new()));
    let shop = Sessions::<Shop>::builder().store(one.clone()).build().unwrap();
    let auth = Sessions::<Auth>::builder().store(two.clone()).build().unwrap();
    let app = routes().layer(shop.layer()).layer(auth.layer());
    let visit = ask(&app, http::Request::get("/visit").body(axum::body::Body::empty()).unwrap()).await;
    let login = ask(&app, http::Request::post("/login").body(axum::body::Body::empty()).unwrap()).await;
    let pair = |set: &str| set.split(';').next().unwrap().to_owned();
    let (visit, login) = (pair(visit.set_cookie().unwrap()), pair(login.set_cookie().unwrap()));
    assert!(visit.starts_with("__Host-shop=") && login.starts_with("__Host-auth="));
    let request = http::Request::get("/both").header("cookie", format!("{visit}; {login}"));
    let both = ask(&app, request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(both.text, "1 dark Some(7)");
    assert_eq!((one.inner().len(), two.inner().len()), (1, 1));
}

/// A handler that takes the rejection can answer on its own.
#[tokio::test]
async fn the_rejection_says_that_no_user_is_logged_in() {
    let sessions = Sessions::<Auth>::builder().store(MemoryStore::new()).build().unwrap();
    let handler = async |auth: Result<LoggedIn<Auth>, Rejection>| {
        let rejection = auth.unwrap_err();
        let error = rejection.error();
        assert_eq!((rejection.status(), error.kind()), (http::StatusCode::UNAUTHORIZED, ErrorKind::Unauthenticated));
        assert!(!error.is_retryable());
        error.to_string()
    };
    let app = Router::new().route("/", get(handler)).layer(sessions.layer());
    let answer = Client::new(app).get("/").await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, "the visitor is not logged in"));
}
