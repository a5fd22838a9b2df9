//! Wrappers: each keeps the contract, and no session ends when a wrapper is added or removed.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use session::store::{
    Cached, Commit, Committed, Compressed, Created, Destroyed, Migrating, Record, StoreError, Touched, UserIndex,
};
use session::testing::{Contract, FailingStore, Fault};
use session::{Clock as _, FileStore, MemoryStore, Session, SessionId, Sessions, Store, SystemClock, Timestamp};
use session_tests::client::Client;
use session_tests::counter::{Counter, app};
use session_tests::servers::TempDir;

use crate::concurrency::{everything_is_kept, lifecycle_wins};
use crate::contract::MANY;
use crate::faults::assert_refused;

async fn keeps_the_contract(store: impl Store, name: &str) {
    let report = Contract::new(store).rounds(MANY).check().await.unwrap();
    crate::contract::show(name, &report);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn compressed() {
    keeps_the_contract(Compressed::new(MemoryStore::new()).unwrap(), "compressed").await;
    everything_is_kept(app(Compressed::new(MemoryStore::new()).unwrap()), "compressed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn migrating() {
    keeps_the_contract(Migrating::new(MemoryStore::new(), MemoryStore::new()), "migrating").await;
    let store = Migrating::new(MemoryStore::new(), MemoryStore::new());
    everything_is_kept(app(store.clone()), "migrating").await;
    lifecycle_wins(app(store), "migrating").await;
}

/// Creates new sessions in the old store, so that each one is migrated during the race.
#[derive(Clone)]
struct CreatesInOld(Migrating<MemoryStore, MemoryStore>, MemoryStore);

impl CreatesInOld {
    fn new() -> Self {
        let old = MemoryStore::new();
        Self(Migrating::new(old.clone(), MemoryStore::new()), old)
    }
}

impl Store for CreatesInOld {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        match self.0.load(id, now).await? {
            Some(_) => Ok(Created::Exists),
            None => self.1.create(id, record, now).await,
        }
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

/// Logouts race with the migration of their own session.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn migrating_during_a_race() {
    lifecycle_wins(app(CreatesInOld::new()), "migrating during a race").await;
    everything_is_kept(app(CreatesInOld::new()), "migrating during a race").await;
}

#[tokio::test]
async fn a_migration_ends_no_session() {
    let dir = TempDir::new("migrating");
    let (old, new) = (MemoryStore::new(), FileStore::open(dir.path().join("sessions")).await.unwrap());
    let (before, other, leaver) = (app(old.clone()), app(old.clone()), app(old.clone()));
    let (before, other, leaver) = (Client::new(before), Client::new(other), Client::new(leaver));
    for client in [&before, &other, &leaver] {
        client.post("/login/7").await;
        client.get("/visit").await;
    }
    let migrating = Migrating::new(old.clone(), new.clone());
    let during = before.at(app(migrating.clone()));
    assert_eq!(during.get("/show").await.text, "7 1 0 0 0 0");
    assert_eq!(old.len(), 3, "a read does not migrate");
    during.get("/visit").await;
    assert_eq!(old.len(), 2);
    other.at(app(migrating.clone())).get("/visit").await;
    leaver.at(app(migrating.clone())).post("/destroy").await;
    assert!(old.is_empty());
    let after = before.at(app(new.clone()));
    assert_eq!(after.get("/show").await.text, "7 2 0 0 0 0", "the new store works alone");
    assert_eq!(new.sweep(10, SystemClock::default().now()).await.unwrap(), 0);
}

/// If one store is down, the other one must not answer for it: the answer would be an empty session instead of a live
/// one.
#[tokio::test]
async fn errors_of_either_store_during_a_migration_are_reported() {
    let (old, new) = (FailingStore::new(MemoryStore::new()), FailingStore::new(MemoryStore::new()));
    let before = Client::new(app(old.clone()));
    before.get("/visit").await;
    let client = before.at(app(Migrating::new(old.clone(), new.clone())));
    for down in [&old, &new] {
        down.fail(Fault::Before);
        assert_refused(&client.get("/show").await);
        assert_refused(&client.get("/visit").await);
        down.heal();
    }
    assert_eq!(client.get("/visit").await.status, 200);
    old.fail(Fault::Before);
    assert_eq!(client.get("/visit").await.status, 200, "a migrated session does not need the old store");
    assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0");
}

#[tokio::test]
async fn compression_can_be_turned_on_and_off() {
    let store = MemoryStore::new();
    let client = Client::new(app(store.clone()));
    let packing = client.at(app(Compressed::new(store.clone()).unwrap().level(19)));
    let expanding = client.at(app(Compressed::new(store.clone()).unwrap().expanding()));
    for number in 0..400 {
        assert_eq!(client.get(&format!("/set/{number}")).await.status, 200);
    }
    assert_eq!(packing.get("/show").await.text, "nobody 0 0 400 0 0");
    packing.get("/visit").await;
    assert_eq!(
        client.get("/show").await.text,
        "nobody 0 0 0 0 0",
        "compressed records are not readable without the wrapper"
    );
    assert_eq!(packing.get("/show").await.text, "nobody 1 0 400 0 0");
    expanding.get("/visit").await;
    assert_eq!(client.get("/show").await.text, "nobody 2 0 400 0 0", "plain again");
}

/// A store that claims to encrypt.
struct Encrypting(MemoryStore);

impl Store for Encrypting {
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

    fn encrypts(&self) -> bool {
        true
    }
}

#[test]
fn compression_before_encryption_is_refused() {
    let encrypting = || Encrypting(MemoryStore::new());
    let behind = std::sync::Arc::new(FailingStore::new(Migrating::new(MemoryStore::new(), encrypting())));
    let cached = Cached::new(encrypting());
    for error in [Compressed::new(encrypting()).err(), Compressed::new(behind).err(), Compressed::new(cached).err()] {
        assert!(matches!(error, Some(StoreError::Misconfigured(text)) if text.contains("dangerous_before_encryption")));
    }
    let _ = Compressed::dangerous_before_encryption(encrypting());
}

/// The first record is small in the store, and large in each request.
#[tokio::test]
async fn a_payload_has_a_limit_before_it_is_compressed() {
    #[derive(Session)]
    struct Notes {
        text: String,
    }
    let memory = MemoryStore::new();
    let app = |store: Compressed<MemoryStore>| {
        let sessions = Sessions::<Notes>::builder().store(store).build().unwrap();
        let write = get(async |mut session: Session<Notes>, Path(length): Path<usize>| {
            session.text = "x".repeat(length);
        });
        let show = get(async |session: Session<Notes>| session.text.len().to_string());
        Router::new().route("/write/{length}", write).route("/show", show).layer(sessions.layer())
    };
    let client = Client::new(app(Compressed::new(memory.clone()).unwrap()));
    assert_eq!(client.get("/write/1000000").await.status, 200);
    assert_eq!(client.get("/write/1100000").await.status, 500);
    assert_eq!(client.get("/show").await.text, "1000000");
    let larger = client.at(app(Compressed::new(memory.clone()).unwrap().max_bytes(8 << 20)));
    assert_eq!(larger.get("/write/8000000").await.status, 200);
    assert_eq!(larger.get("/write/9000000").await.status, 500);
    let reader = larger.at(app(Compressed::new(memory).unwrap()));
    assert_eq!(reader.get("/show").await.text, "8000000", "what is stored stays readable");
}

/// The end of a session is in the new store, and its old record cannot be removed: the call has done something.
#[tokio::test]
async fn an_error_after_a_write_is_unknown() {
    let (old, new) = (Undying(MemoryStore::new()), MemoryStore::new());
    let before = Client::new(app(old.clone()));
    before.post("/login/7").await;
    let (store, now) = (Migrating::new(old.clone(), new), SystemClock::default().now());
    let sessions = Sessions::<Counter>::builder().store(store.clone()).build().unwrap();
    let listed = sessions.list_user(&7, 9).await.unwrap();
    let id = listed.first().unwrap().id();
    let destroyed = store.destroy(id, now).await;
    assert!(matches!(destroyed, Err(StoreError::Unknown(_))), "{destroyed:?}");
    assert!(store.load(id, now).await.unwrap().is_none(), "it has ended");
}

/// A store that cannot remove.
#[derive(Clone)]
struct Undying(MemoryStore);

impl Store for Undying {
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

    async fn destroy(&self, _id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        Err(StoreError::unavailable("this store removes nothing"))
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.0.sweep(limit, now).await
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.0.users()
    }
}
