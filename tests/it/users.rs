//! The sessions of a user: listing and revoking them through `Sessions`.

use axum::Router;
use axum::routing::{get, post};
use session::store::{Commit, Committed, Compressed, Created, Destroyed, Encrypted, Record, StoreError, Touched};
use session::testing::{FailingStore, Fault};
use session::{
    ErrorKind, KeyRing, MemoryStore, RedisStore, SecretKey, Session, SessionId, Sessions, SqliteStore, Store, Timestamp,
};
use session_tests::client::Client;
use session_tests::servers::{Redis, TempDir};

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<String>,
    visits: u32,
}

fn app(sessions: &Sessions<Shop>) -> Router {
    Router::new()
        .route("/login", post(async |mut session: Session<Shop>| session.login("ann".to_owned())))
        .route("/login/bob", post(async |mut session: Session<Shop>| session.login("bob".to_owned())))
        .route("/logout", post(async |mut session: Session<Shop>| session.logout()))
        .route("/visit", get(async |mut session: Session<Shop>| session.visits += 1))
        .route("/who", get(async |session: Session<Shop>| session.user.clone().unwrap_or_default()))
        .route("/id", get(async |session: Session<Shop>| session.id().map_or_else(String::new, |id| id.to_string())))
        .layer(sessions.layer())
}

async fn sessions_are_listed_and_revoked(store: impl Store) {
    let sessions = Sessions::<Shop>::builder().store(store).build().unwrap();
    let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
    let devices: Vec<Client> = (0..4).map(|_| Client::new(app(&sessions))).collect();
    for device in &devices {
        device.get("/visit").await;
        device.post("/login").await;
    }
    let neighbour = Client::new(app(&sessions));
    neighbour.post("/login/bob").await;
    assert_eq!(sessions.list_user(&ann, 10).await.unwrap().len(), 4);
    devices[3].post("/logout").await;
    let listed = sessions.list_user(&ann, 10).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted_by(|one, next| one.created() >= next.created()));
    assert!(listed.iter().all(|device| device.idle_deadline() <= device.absolute_deadline()));

    let kept: SessionId = devices[0].get("/id").await.text.parse().unwrap();
    assert!(listed.iter().any(|device| device.id() == kept));
    assert_eq!(sessions.revoke_other_sessions(&ann, kept).await.unwrap(), 2);
    let who = async |device: &Client| device.get("/who").await.text;
    assert_eq!(
        (who(&devices[0]).await, who(&devices[1]).await, who(&neighbour).await),
        ("ann".into(), String::new(), "bob".into())
    );
    assert_eq!(sessions.revoke_user(&ann).await.unwrap(), 1);
    assert_eq!(who(&devices[0]).await, "");
    assert!(sessions.list_user(&ann, 10).await.unwrap().is_empty());
    devices[0].post("/login").await;
    assert_eq!(who(&devices[0]).await, "ann", "a user whose sessions were revoked can log in again");
    assert_eq!(sessions.list_user(&bob, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn memory() {
    sessions_are_listed_and_revoked(MemoryStore::new()).await;
}

#[tokio::test]
async fn wrappers() {
    let keys = KeyRing::new(SecretKey::generate().unwrap());
    sessions_are_listed_and_revoked(Encrypted::new(MemoryStore::new(), keys)).await;
    sessions_are_listed_and_revoked(Compressed::new(MemoryStore::new()).unwrap()).await;
}

#[tokio::test]
async fn sqlite() {
    let dir = TempDir::new("users");
    let url = format!("sqlite://{}", dir.path().join("sessions.db").display());
    sessions_are_listed_and_revoked(SqliteStore::connect(&url).await.unwrap()).await;
}

#[tokio::test]
async fn redis() {
    let redis = Redis::start();
    sessions_are_listed_and_revoked(RedisStore::connect(&redis.url()).await.unwrap()).await;
}

/// On Redis the index has keys of its own. None of them is left behind.
#[tokio::test]
async fn redis_removes_entries_of_ended_sessions() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    let sessions = Sessions::<Shop>::builder().store(store).build().unwrap();
    let client = Client::new(app(&sessions));
    client.post("/login").await;
    let index = redis.run::<Vec<String>>("KEYS session:user:*").pop().unwrap();
    let life: u64 = redis.run(&format!("PTTL {index}"));
    let half_a_day = 12 * 3_600_000;
    assert!((half_a_day - 60_000..=half_a_day + 1_000).contains(&life), "until the last absolute deadline: {life}");
    redis.run::<u64>(&format!("ZADD {index} 1 0123456789abcdef"));
    client.post("/logout").await;
    client.post("/login").await;
    let left: Option<f64> = redis.run(&format!("ZSCORE {index} 0123456789abcdef"));
    assert_eq!(left, None, "the next login removes expired entries");
    let record = redis.run::<Vec<String>>("KEYS session:{*").pop().unwrap();
    redis.run::<u64>(&format!("DEL {record}"));
    assert!(sessions.list_user(&"ann".into(), 10).await.unwrap().is_empty());
    assert!(
        redis.run::<Vec<String>>("KEYS session:*").is_empty(),
        "a list leaves out entries without a record, and removes them"
    );
}

#[tokio::test]
async fn errors_of_the_store_are_reported_and_unknown_outcomes_retried() {
    let store = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(store.clone()).build().unwrap();
    let ann = "ann".to_owned();
    store.fail(Fault::Before);
    assert_eq!(sessions.list_user(&ann, 1).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(sessions.revoke_user(&ann).await.unwrap_err().kind(), ErrorKind::Unavailable);
    store.fail_next(Fault::After, 2);
    assert_eq!(sessions.revoke_user(&ann).await.unwrap(), 0, "repeated until the outcome is known");
    store.fail(Fault::After);
    assert_eq!(sessions.revoke_user(&ann).await.unwrap_err().kind(), ErrorKind::Unknown);
}

/// Without a user index, `list_user` is an error that names the missing method.
#[tokio::test]
async fn a_store_without_an_index() {
    struct Plain(MemoryStore);
    impl Store for Plain {
        async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
            self.0.create(id, record, now).await
        }
        async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
            self.0.load(id, now).await
        }
        async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
            self.0.commit(id, commit, now).await
        }
        async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
            self.0.touch(id, idle, now).await
        }
        async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
            self.0.destroy(id, now).await
        }
        async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
            self.0.sweep(limit, now).await
        }
    }
    let sessions = Sessions::<Shop>::builder().store(Plain(MemoryStore::new())).build().unwrap();
    let error = sessions.list_user(&"ann".into(), 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("Store::users"), "{error}");
}
