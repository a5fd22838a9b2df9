//! What happens at the edges of a request: deadlines, failures, cancellation, several extractors, work that outlives
//! it.

mod deadlines;
mod endings;
mod generic;
mod handles;

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
use session::{Detached, ErrorKind, MemoryStore, Secret, Session, Sessions, SessionsBuilder};
use session_tests::client::Client;
use tokio::sync::{Mutex, Notify};
use tower::ServiceExt as _;

#[derive(Session)]
#[session(idle = "30m", absolute = "12h")]
pub(super) struct Shop {
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
        if self.0 { Err(serde::ser::Error::custom("odd")) } else { serializer.serialize_bool(false) }
    }
}

struct World {
    client: Client,
    store: FailingStore<MemoryStore>,
    clock: ManualClock,
    gate: Arc<Notify>,
    detached: Arc<Mutex<Option<Detached<Shop>>>>,
}

fn world(settings: impl FnOnce(SessionsBuilder<Shop>) -> SessionsBuilder<Shop>) -> World {
    let (store, clock, gate) = (FailingStore::new(MemoryStore::new()), ManualClock::new(), Arc::new(Notify::new()));
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
        .route("/assign", post(async |mut session: Session<Shop>| session.user = Some("bob".into())))
        .route("/admin", post(async |mut session: Session<Shop>| session.set_admin(true)))
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
            "/stubborn",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                let first = session.commit().await.map_err(|error| error.kind());
                session.visits += 1;
                format!("{first:?} {}", session.visits)
            }),
        )
        .route(
            "/side",
            post(async |mut session: Session<Shop>, other: Session<Shop>| {
                session.logout();
                let _ = tokio::spawn(async move {
                    let _other = other;
                    panic!("on purpose")
                })
                .await;
            }),
        )
        .route(
            "/two-logout",
            post(async |mut outer: Session<Shop>, mut session: Session<Shop>| {
                outer.plain = 7;
                outer.theme = "dark".into();
                session.logout();
                drop(session);
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
            "/debug",
            get(async |mut session: Session<Shop>| {
                // Touched, but not changed.
                session.recent_mut().clear();
                let unchanged = format!("{session:?}");
                session.visits += 1;
                format!("{unchanged}\n{session:?}")
            }),
        )
        .route("/keep", get(async move |session: Session<Shop>| *kept.lock().await = Some(session.detach())))
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
        .layer(from_fn(async |session: Option<Session<Shop>>, request: Request, next: Next| {
            drop(session);
            next.run(request).await
        }))
        .layer(sessions.layer());
    World { client: Client::new(app), store, clock, gate, detached }
}

impl World {
    async fn visits(&self) -> String {
        self.client.get("/read").await.text.split(' ').next().unwrap().to_owned()
    }
}
