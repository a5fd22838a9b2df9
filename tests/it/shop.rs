//! One visitor, one tab: what a session remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use session::testing::FailingStore;
use session::{LoggedIn, MemoryStore, Session, Sessions};
use session_tests::client::Client;
use session_tests::print_figure;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub qty: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

#[derive(Session)]
#[session(version = 2, idle = "30m", absolute = "12h")]
pub struct Shop {
    #[session(user)]
    pub user: Option<u64>,
    #[session(merge = counter)]
    pub visits: u64,
    #[session(default = Theme::Light, survive)]
    pub theme: Theme,
    #[session(survive = login)]
    pub cart: Vec<Item>,
    #[session(flash)]
    pub notice: Option<String>,
    pub tags: HashSet<String>,
    pub prefs: HashMap<String, u32>,
    #[session(merge = union)]
    pub seen: BTreeSet<u32>,
    #[session(merge = union)]
    pub votes: BTreeMap<String, u32>,
    #[session(skip)]
    pub scratch: u8,
}

fn app(store: FailingStore<MemoryStore>) -> Router {
    let sessions = Sessions::<Shop>::builder().store(store).build().unwrap();
    Router::new()
        .route("/plain", get(async || "plain"))
        .route("/read", get(async |session: Session<Shop>| session.visits().to_string()))
        .route(
            "/visit",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.visits.to_string()
            }),
        )
        .route(
            "/touch",
            get(async |mut session: Session<Shop>| {
                session.visits += 0;
                session.tags.retain(|_| true);
                session.prefs.retain(|_, _| true);
                session.set_theme(session.theme);
            }),
        )
        .route(
            "/fill",
            post(async |mut session: Session<Shop>| {
                session.tags = (0..20).map(|n| n.to_string()).collect();
                session.prefs = (0..20).map(|n| (n.to_string(), n)).collect();
                session.set_notice(Some("hello".into()));
                session.cart.push(Item { sku: "x".into(), qty: 1 });
                session.theme = Theme::Dark;
            }),
        )
        .route("/login", post(async |mut session: Session<Shop>| session.login(7)))
        .route("/logout", post(async |mut session: Session<Shop>| session.logout()))
        .route("/destroy", post(async |session: Session<Shop>| session.destroy()))
        .route("/account", get(async |LoggedIn(session): LoggedIn<Shop>| format!("{:?}", session.user)))
        .route(
            "/show",
            get(async |mut session: Session<Shop>| {
                let notice = session.take_notice();
                format!("{:?} {:?} {} {notice:?}", session.user, session.theme, session.cart.len())
            }),
        )
        .route("/known", get(async |session: Option<Session<Shop>>| session.is_some().to_string()))
        .layer(sessions.layer())
}

fn client() -> (Client, FailingStore<MemoryStore>) {
    let store = FailingStore::new(MemoryStore::new());
    (Client::new(app(store.clone())), store)
}

/// Promise four, in numbers.
#[tokio::test]
async fn store_calls() {
    let (client, store) = client();
    let mut counts = Vec::new();
    for path in ["/plain", "/read", "/known", "/visit", "/plain", "/read", "/visit", "/touch"] {
        store.reset_calls();
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200);
        counts.push((path, store.calls().loads, store.calls().writes()));
    }
    let expected = [
        ("/plain", 0, 0),
        ("/read", 0, 0),
        ("/known", 0, 0),
        ("/visit", 0, 1),
        ("/plain", 0, 0),
        ("/read", 1, 0),
        ("/visit", 1, 1),
        ("/touch", 1, 0),
    ];
    assert_eq!(counts, expected);
    for (name, index) in [("untouched", 4), ("first visit", 1), ("read", 5), ("write", 6)] {
        let (_, loads, writes) = counts[index];
        print_figure(name, loads + writes);
    }
}

#[tokio::test]
async fn touching_without_changing_writes_nothing() {
    let (client, store) = client();
    client.post("/fill").await;
    for _ in 0..20 {
        store.reset_calls();
        client.get("/touch").await;
        assert_eq!(store.calls().writes(), 0);
    }
}

#[tokio::test]
async fn what_survives() {
    let (client, store) = client();
    client.post("/fill").await;
    let before = client.cookie();
    assert_eq!(client.get("/account").await.status, 401);
    let login = client.post("/login").await;
    assert!(login.set_cookie().is_some());
    assert_ne!(client.cookie(), before, "login rotates");
    assert_eq!(client.get("/account").await.text, "Some(7)");
    assert_eq!(client.get("/show").await.text, "Some(7) Dark 1 None");
    let stale = client.clone().at(app(store.clone()));
    let live = client.cookie();
    stale.set_cookie(before);
    assert_eq!(stale.get("/known").await.text, "false", "the old id is dead");
    stale.set_cookie(live);
    client.post("/logout").await;
    assert_eq!(client.get("/show").await.text, "None Dark 0 None");
    assert_eq!(client.get("/visit").await.set_cookie(), None, "the logout is over: a later write changes no privilege");
}

#[tokio::test]
async fn a_logout_that_leaves_nothing_removes_the_session() {
    let (client, store) = client();
    client.post("/login").await;
    let cookie = client.cookie();
    let answer = client.post("/logout").await;
    assert!(answer.set_cookie().unwrap().contains("Max-Age=0"), "{answer:?}");
    assert_eq!(client.cookie(), None);
    assert_eq!(store.inner().len(), 0);
    client.set_cookie(cookie);
    assert_eq!(client.get("/known").await.text, "false");
}

#[tokio::test]
async fn flash_is_read_once() {
    let (client, _) = client();
    client.post("/fill").await;
    assert!(client.get("/show").await.text.ends_with("Some(\"hello\")"));
    assert!(client.get("/show").await.text.ends_with("None"));
}

#[tokio::test]
async fn destroyed_is_destroyed() {
    let (client, store) = client();
    client.post("/fill").await;
    let cookie = client.cookie();
    client.post("/destroy").await;
    assert_eq!(client.cookie(), None);
    client.set_cookie(cookie);
    assert_eq!(client.get("/known").await.text, "false");
    assert_eq!(store.inner().len(), 0);
}

#[tokio::test]
async fn cookie_and_cache_headers() {
    let (client, _) = client();
    let answer = client.get("/visit").await;
    let cookie = answer.set_cookie().unwrap();
    assert!(cookie.starts_with("__Host-shop="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Max-Age"), "{cookie}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("cookie"));
    let answer = client.get("/read").await;
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (Some("private"), Some("cookie")));
    let answer = client.get("/plain").await;
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (None, None));
}
