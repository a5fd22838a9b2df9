//! The same app around each kind of session: `/untouched`, `/read`, `/increment`, and `/fill` to begin with.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, Request, Uri};
use session::{Schema, Session, Sessions};
use session_tests::client::ask;

use super::data::{Counted, Data, Shop};
use super::hand::{Hand, HandLayer, Store};

/// Sessions by hand. `/update` increments at once, and anew if another request has come between.
pub fn by_hand(store: Store) -> Router {
    Router::new()
        .route("/untouched", get(async || "ok"))
        .route("/read", get(async |hand: Hand| hand.data.visits.to_string()))
        .route(
            "/increment",
            get(async |mut hand: Hand| {
                hand.data.visits += 1;
                hand.save();
                hand.data.visits.to_string()
            }),
        )
        .route("/update", get(async |hand: Hand| hand.update(|data| data.visits += 1).await))
        .route(
            "/fill",
            get(async |mut hand: Hand| {
                hand.data = Data::sample();
                hand.save();
            }),
        )
        .layer(HandLayer(Arc::new(store)))
}

/// Ours. `/set` increments by the generated accessors.
pub fn ours(store: impl session::store::IntoBackend) -> Router {
    let router = Router::new()
        .route("/untouched", get(async || "ok"))
        .route("/read", get(async |session: Session<Shop>| session.visits.to_string()))
        .route(
            "/increment",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.visits.to_string()
            }),
        )
        .route(
            "/set",
            get(async |mut session: Session<Shop>| {
                session.set_visits(session.visits() + 1);
                session.visits().to_string()
            }),
        )
        .route("/fill", get(async |mut session: Session<Shop>| **session = Shop::sample()));
    with_sessions::<Shop>(router, store)
}

/// Ours, with a counter.
pub fn counted(store: impl session::Store) -> Router {
    let router = Router::new()
        .route("/read", get(async |session: Session<Counted>| session.visits.to_string()))
        .route(
            "/increment",
            get(async |mut session: Session<Counted>| {
                session.add_visits(1);
                session.visits().to_string()
            }),
        )
        .route("/fill", get(async |mut session: Session<Counted>| **session = Counted::sample()));
    with_sessions::<Counted>(router, store)
}

fn with_sessions<S: Schema>(router: Router, store: impl session::store::IntoBackend) -> Router {
    let sessions = Sessions::<S>::builder().store(store).build();
    router.layer(sessions.expect("valid settings").layer())
}

pub fn request(path: &'static str, cookie: Option<&HeaderValue>) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static(path);
    if let Some(cookie) = cookie {
        request.headers_mut().insert(COOKIE, cookie.clone());
    }
    request
}

/// Makes a session, and gives back its cookie if the app uses any.
pub async fn fill(app: &Router) -> Option<HeaderValue> {
    let filled = ask(app, request("/fill", None)).await;
    let cookie = filled.headers.get(SET_COOKIE)?.to_str().expect("ASCII");
    let (pair, _) = cookie.split_once(';').expect("attributes");
    Some(HeaderValue::from_str(pair).expect("ASCII"))
}
