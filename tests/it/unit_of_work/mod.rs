//! A request is one unit of work: several handles, commits that are cancelled or fail, logins and logouts in any form.

mod failures;
mod identity;
mod losers;
mod refused;
mod values;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{get, post};
use session::testing::{FailingStore, Fault};
use session::{MemoryStore, Session, Sessions};
use session_tests::client::Client;

#[derive(Session)]
pub(super) struct Shop {
    #[session(user)]
    user: Option<u64>,
    #[session(survive = login)]
    cart: Vec<String>,
    name: String,
    #[session(survive)]
    theme: String,
    #[session(merge = counter)]
    visits: u64,
    plain: u64,
    #[session(flash)]
    notice: Option<String>,
    #[session(rotate)]
    admin: bool,
}

type Handed = Session<Shop>;

/// A visitor of an app with the handler under test at `/go`.
struct World {
    client: Client,
    /// The connection to the store.
    line: FailingStore<MemoryStore>,
    app: Router,
}

fn world<T: 'static>(go: impl Handler<T, ()>) -> World {
    let line = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(line.clone()).build().unwrap();
    let app = Router::new()
        .route("/go", post(go))
        .route("/visit", post(async |mut session: Handed| session.visits += 1))
        .route("/number", post(async |session: Handed| session.visits.to_string()))
        .route("/shop", post(async |mut session: Handed| session.cart.push("tea".into())))
        .route(
            "/login",
            post(async |mut session: Handed| {
                session.login(7);
                session.name = "seven".into();
                session.theme = "dark".into();
                session.cart.push("book".into())
            }),
        )
        .route("/logout", post(async |mut session: Handed| session.logout()))
        .route("/rotate", post(async |mut session: Handed| session.rotate()))
        .route("/show", get(async |session: Handed| show(&session)))
        .layer(sessions);
    World { client: Client::new(app.clone()), line, app }
}

fn show(session: &Handed) -> String {
    format!("{:?} {:?} {:?} {:?}", session.user, session.name, session.theme, session.cart)
}

impl World {
    async fn go(&self) -> u16 {
        self.client.post("/go").await.status.as_u16()
    }

    async fn show(&self) -> String {
        self.client.get("/show").await.text
    }

    /// What the session of this cookie has.
    async fn show_of(&self, cookie: Option<String>) -> String {
        let client = Client::new(self.app.clone());
        client.set_cookie(cookie);
        client.get("/show").await.text
    }
}
