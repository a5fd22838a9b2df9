//! A token opens only the session type and app that it was made for, and a session is found by the user that its fields
//! name, whichever release has stored them.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use session::store::Record;
use session::testing::ManualClock;
use session::{
    Clock as _, CookiePolicy, MemoryStore, RedisStore, Schema, Session, SessionId, Sessions, Store, SystemClock,
    Timestamp,
};
use session_tests::client::Client;
use session_tests::servers::Redis;

#[derive(Session)]
struct Customer {
    #[session(user)]
    user: Option<u64>,
    #[session(survive)]
    visits: u64,
}

#[derive(Session)]
struct Admin {
    #[session(user)]
    user: Option<u64>,
}

fn customers(sessions: &Sessions<Customer>) -> Router {
    Router::new()
        .route("/login", post(async |mut session: Session<Customer>| session.login(1)))
        .route("/logout", post(async |mut session: Session<Customer>| session.logout()))
        .route("/visit", post(async |mut session: Session<Customer>| session.visits += 1))
        .route("/who", get(async |session: Session<Customer>| format!("{:?} {}", session.user, session.visits)))
        .layer(sessions.clone())
}

fn admins(sessions: &Sessions<Admin>) -> Router {
    Router::new()
        .route("/login", post(async |mut session: Session<Admin>| session.login(1)))
        .route("/who", get(async |session: Session<Admin>| format!("{:?}", session.user)))
        .layer(sessions.clone())
}

/// The token of `from` under the cookie name of `to`.
fn planted(from: &Client, cookie_name: &str) -> Option<String> {
    from.cookie().map(|cookie| format!("{cookie_name}={}", cookie.split_once('=').unwrap().1))
}

#[tokio::test]
async fn a_token_of_another_app_opens_nothing() {
    let store = MemoryStore::new();
    let shop = Sessions::<Customer>::builder().store(store.clone()).build().unwrap();
    let client = Client::new(customers(&shop));
    client.post("/visit").await;
    client.post("/login").await;
    assert_eq!(client.get("/who").await.text, "Some(1) 1");

    let office = Client::new(admins(&Sessions::<Admin>::builder().store(store.clone()).build().unwrap()));
    office.set_cookie(planted(&client, "__Host-admin"));
    assert_eq!(office.get("/who").await.text, "None", "another session type");

    let other = Sessions::<Customer>::builder().store(store.clone()).audience("eu").build().unwrap();
    let other = client.at(customers(&other));
    assert_eq!(other.get("/who").await.text, "None 0", "another app");

    let renamed = Sessions::<Customer>::builder().store(store).cookie(CookiePolicy::host("sid")).build().unwrap();
    let renamed = Client::new(customers(&renamed));
    renamed.set_cookie(planted(&client, "__Host-sid"));
    assert_eq!(renamed.get("/who").await.text, "None 0", "another cookie");
    assert_eq!(client.get("/who").await.text, "Some(1) 1");
}

#[tokio::test]
async fn users_of_another_app_or_session_type_are_not_revoked() {
    let store = MemoryStore::new();
    let shop = Sessions::<Customer>::builder().store(store.clone()).build().unwrap();
    let eu = Sessions::<Customer>::builder().store(store.clone()).audience("eu").build().unwrap();
    let office = Sessions::<Admin>::builder().store(store).build().unwrap();
    let (client, european, admin) =
        (Client::new(customers(&shop)), Client::new(customers(&eu)), Client::new(admins(&office)));
    for client in [&client, &european, &admin] {
        client.post("/login").await;
    }
    assert_eq!(shop.list_user(&1, 10).await.unwrap().len(), 1);
    assert_eq!(shop.revoke_user(&1).await.unwrap(), 1);
    assert_eq!(admin.get("/who").await.text, "Some(1)");
    assert_eq!(european.get("/who").await.text, "Some(1) 0");
    assert_eq!(client.get("/who").await.text, "None 0");
}

#[test]
fn an_audience_is_a_name() {
    for name in ["sh op", "a:b", "ü", &"a".repeat(65)] {
        let built = Sessions::<Customer>::builder().store(MemoryStore::new()).audience(name).build();
        assert!(built.unwrap_err().complaints()[0].contains("audience"), "{name}");
    }
}

/// A record of the first releases is not bound to an audience. The next commit binds it.
#[tokio::test]
async fn an_unbound_record_is_bound_by_the_next_commit() {
    let line = include_str!("vectors/format_1.txt").lines().find(|line| !line.starts_with('#')).unwrap();
    let [cookie, record, _] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let bytes: Vec<u8> =
        (0..record.len() / 2).map(|at| u8::from_str_radix(&record[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let record = Record::decode(bytes).unwrap();
    let store = MemoryStore::new();
    let id: SessionId = "oKGio6SlpqeoqaqrrK2urw".parse().unwrap();
    let _ = store.create(id, &record, Timestamp::from_millis(0)).await.unwrap();
    let clock = ManualClock::at(Timestamp::from_millis(1_700_000_000_000));
    let build = |app: &str| {
        let builder = Sessions::<v1::Shop>::builder().store(store.clone()).clock(clock.clone());
        let sessions = builder.cookie(CookiePolicy::host("sid")).audience(app).build().unwrap();
        let app = Router::new()
            .route("/visit", post(async |mut session: Session<v1::Shop>| session.visits += 1))
            .route("/who", get(async |session: Session<v1::Shop>| format!("{:?}", session.user)))
            .layer(sessions.clone());
        let client = Client::new(app);
        client.set_cookie(Some(format!("__Host-sid={cookie}")));
        (client, sessions)
    };
    let ((client, sessions), (other, _)) = (build(""), build("eu"));
    assert_eq!(client.get("/who").await.text, "Some(7)");
    assert_eq!(sessions.list_user(&7, 10).await.unwrap().len(), 1, "found under the key of the first releases");
    client.post("/visit").await;
    assert_eq!((client.get("/who").await.text, other.get("/who").await.text), ("Some(7)".into(), "None".into()));
    assert_eq!(sessions.revoke_user(&7).await.unwrap(), 1);
    assert_eq!(client.get("/who").await.text, "None");
}

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    pub struct Shop {
        #[session(user)]
        pub user: Option<u64>,
        pub visits: u64,
        pub account: Option<String>,
    }
}

/// The type of the `user` field was changed.
mod texts {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", version = 3, lock = off)]
    pub struct Shop {
        #[session(user, upgrade(in = 3, from = Option<u64>, with = text))]
        pub user: Option<String>,
        pub visits: u64,
    }

    fn text(user: Option<u64>) -> Option<String> {
        user.map(|user| user.to_string())
    }
}

/// Another field names the user.
mod accounts {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", version = 3, lock = off)]
    pub struct Shop {
        #[session(user)]
        pub account: Option<String>,
        pub visits: u64,
    }
}

/// A visitor of release 1 with a session of user 7, or of account `ann`, and the clock.
async fn visitor_of_release_1<S: Store + Clone>(store: S, clock: &ManualClock) -> Client {
    let sessions = Sessions::<v1::Shop>::builder().store(store).clock(clock.clone()).build().unwrap();
    let login = post(async |mut session: Session<v1::Shop>| {
        session.login(7);
        session.account = Some("ann".into());
    });
    let client = Client::new(Router::new().route("/login", login).layer(sessions));
    client.post("/login").await;
    client
}

fn app<S: Schema>(sessions: &Sessions<S>) -> Router
where
    S::Handle: axum::extract::FromRequestParts<(), Rejection = session::Rejection>,
{
    Router::new().route("/read", get(async |session: Session<S>| drop(session))).layer(sessions.clone())
}

#[tokio::test]
async fn a_user_of_another_type_is_listed_and_revoked() {
    for touched in [false, true] {
        let (store, clock) = (MemoryStore::new(), ManualClock::new());
        let visitor = visitor_of_release_1(store.clone(), &clock).await;
        let sessions = Sessions::<texts::Shop>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
        let visitor = visitor.at(app(&sessions));
        if touched {
            clock.advance(Duration::from_secs(300));
            assert_eq!(visitor.get("/read").await.status, 200);
        }
        assert_eq!(sessions.list_user(&"7".to_owned(), 10).await.unwrap().len(), 1, "touched: {touched}");
        assert_eq!(sessions.revoke_user(&"7".to_owned()).await.unwrap(), 1, "touched: {touched}");
        assert_eq!(store.len(), 0);
    }
}

#[tokio::test]
async fn a_field_that_becomes_the_user_is_filed_by_the_next_touch_or_commit() {
    let server = Redis::start();
    becomes_the_user(MemoryStore::new(), "/read").await;
    becomes_the_user(MemoryStore::new(), "/visit").await;
    // To a server with a clock of its own, a jump of this clock is no passage of time, so there is no touch.
    becomes_the_user(RedisStore::connect(&server.url()).await.unwrap(), "/visit").await;
}

async fn becomes_the_user<S: Store + Clone>(store: S, path: &str) {
    let clock = ManualClock::at(SystemClock::default().now());
    let visitor = visitor_of_release_1(store.clone(), &clock).await;
    let sessions = Sessions::<accounts::Shop>::builder().store(store).clock(clock.clone()).build().unwrap();
    let visit = get(async |mut session: Session<accounts::Shop>| session.visits += 1);
    let visitor = visitor.at(app(&sessions).merge(Router::new().route("/visit", visit).layer(sessions.clone())));
    let cookie = visitor.cookie();
    clock.advance(Duration::from_secs(300));
    assert_eq!(visitor.get(path).await.status, 200);
    assert_eq!(visitor.cookie(), cookie, "no new token: other requests of the session are not refused");
    assert_eq!(sessions.list_user(&"ann".to_owned(), 10).await.unwrap().len(), 1);
    assert_eq!(sessions.revoke_user(&"ann".to_owned()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_logout_removes_the_entry_of_the_index() {
    let server = Redis::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let sessions = Sessions::<Customer>::builder().store(store).build().unwrap();
    for _ in 0..20 {
        let client = Client::new(customers(&sessions));
        client.post("/login").await;
        client.post("/logout").await;
        client.post("/visit").await;
        client.post("/login").await;
        // The number of visits survives, so the session stays.
        client.post("/logout").await;
    }
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let mut types = Vec::new();
    for key in &keys {
        types.push(redis::cmd("TYPE").arg(key).query::<String>(&mut connection).unwrap());
    }
    assert_eq!(types.iter().filter(|kind| *kind == "zset").count(), 0, "an empty set is no key: {keys:?}");
}
