//! Keys, sealed cookies, and records encrypted at rest.

mod at_rest;
mod cookie;
mod hostile;
mod keys;
mod revoked;

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use session::testing::ManualClock;
use session::{CookiePolicy, Detached, KeyRing, SealedCookie, SecretKey, Session, Sessions};
use session_tests::client::{Answer, Client};

#[derive(Session)]
#[session(idle = "30m", absolute = "12h")]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
    text: String,
    #[session(survive)]
    theme: String,
    #[session(flash)]
    notice: Option<String>,
}

fn key() -> SecretKey {
    SecretKey::generate().unwrap()
}

fn ring() -> KeyRing {
    KeyRing::new(key())
}

/// The settings that differ between the apps of these tests.
struct Setup {
    store: SealedCookie,
    clock: ManualClock,
    cookie: CookiePolicy,
}

impl Setup {
    fn new(store: SealedCookie) -> Self {
        Self { store, clock: ManualClock::new(), cookie: CookiePolicy::host("sid") }
    }

    fn app(self) -> Router {
        let Self { store, clock, cookie } = self;
        routes(&Sessions::<Shop>::builder().store(store).clock(clock).cookie(cookie).build().unwrap())
    }
}

fn app(keys: &KeyRing) -> Router {
    Setup::new(SealedCookie::new(keys.clone())).app()
}

fn client(keys: &KeyRing) -> Client {
    Client::new(app(keys))
}

async fn visit(mut session: Session<Shop>) -> String {
    session.visits += 1;
    session.visits.to_string()
}

fn kind(error: &session::Error) -> String {
    format!("{:?}", error.kind())
}

fn routes(sessions: &Sessions<Shop>) -> Router {
    Router::new()
        .route(
            "/read",
            get(async |session: Session<Shop>| {
                let Shop { user, visits, text, theme, .. }: &Shop = &session;
                format!("{user:?} {visits} {} {theme}", text.len())
            }),
        )
        .route("/visit", get(visit))
        .route(
            "/slow",
            get(async |session: Session<Shop>| {
                tokio::time::sleep(Duration::from_secs(2)).await;
                session.visits.to_string()
            }),
        )
        .route("/notice", get(async |mut session: Session<Shop>| session.take_notice().unwrap_or_default()))
        .route(
            "/text/{n}",
            get(async |mut session: Session<Shop>, Path(n): Path<usize>| session.set_text("a".repeat(n))),
        )
        .route("/login/{n}", post(async |mut session: Session<Shop>, Path(n): Path<u64>| session.login(n)))
        .route("/logout", post(async |mut session: Session<Shop>| session.logout()))
        .route("/destroy", post(async |session: Session<Shop>| session.destroy()))
        .route("/rotate", post(async |mut session: Session<Shop>| session.rotate()))
        .route(
            "/fill",
            post(async |mut session: Session<Shop>| {
                session.theme = "dark".into();
                session.notice = Some("hello".into());
                session.visits = 1;
            }),
        )
        .route(
            "/update",
            post(async |mut session: Session<Shop>| match session.update(|session| session.visits += 1).await {
                Ok(()) => "updated".to_owned(),
                Err(error) => kind(&error),
            }),
        )
        .route(
            "/detached",
            post(async |session: Session<Shop>| {
                let detached: Detached<Shop> = session.detach();
                match detached.update(|session| session.visits += 1).await {
                    Ok(()) => "updated".to_owned(),
                    Err(error) => kind(&error),
                }
            }),
        )
        .layer(sessions.layer())
}

/// What `/read` shows to a visitor without a session.
const NO_SESSION: &str = "None 0 0 ";

/// The value of a client's cookie.
fn value(client: &Client) -> String {
    let cookie = client.cookie().unwrap();
    cookie.split_once('=').unwrap().1.to_owned()
}

/// Sends a request with exactly this cookie value.
async fn read(app: &Router, value: &str) -> Answer {
    let client = Client::new(app.clone());
    client.set_cookie(Some(format!("__Host-sid={value}")));
    client.get("/read").await
}
