//! A store that never answers: the engine's own deadline ends each call.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use session::store::{
    BoxFuture, Commit, Committed, Created, Destroyed, Migrating, Record, Reloaded, StoreError, Touched, UserIndex,
    UserKey,
};
use session::testing::{FailingStore, ManualClock};
use session::{ErrorKind, MemoryStore, Session, SessionId, Sessions, Store, Timestamp};
use session_tests::client::Client;
use session_tests::counter::{Counter, app};
use tokio::time::Instant;

/// A store whose calls have no end while it hangs.
#[derive(Clone, Default)]
struct Hanging {
    inner: MemoryStore,
    hangs: Arc<AtomicBool>,
    deadline: Option<Duration>,
}

impl Hanging {
    async fn wait(&self) {
        if self.hangs.load(Ordering::Relaxed) {
            pending().await
        }
    }
}

impl Store for Hanging {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.wait().await;
        self.inner.create(id, record, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.wait().await;
        self.inner.load(id, now).await
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        self.wait().await;
        self.inner.reload(id, now).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        self.wait().await;
        self.inner.commit(id, commit, now).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.wait().await;
        self.inner.touch(id, idle, now).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.wait().await;
        self.inner.destroy(id, now).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.wait().await;
        self.inner.sweep(limit, now).await
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    fn call_deadline(&self) -> Option<Duration> {
        self.deadline.or(Some(Duration::from_secs(5)))
    }
}

impl UserIndex for Hanging {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            self.wait().await;
            self.inner.users().unwrap().list_user(user, limit, now).await
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            self.wait().await;
            self.inner.users().unwrap().revoke_user(user, except, now).await
        })
    }
}

/// The answer to a request, and how long it took. Without a deadline there is none.
async fn timed<T>(answer: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(3600), answer).await.expect("an answer within an hour");
    (answer, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn every_request_to_a_store_that_hangs_is_answered() {
    let store = Hanging::default();
    let client = Client::new(app(store.clone()));
    store.hangs.store(true, Ordering::Relaxed);
    let (created, waited) = timed(client.get("/visit")).await;
    assert_eq!((created.status.as_u16(), waited.as_secs()), (503, 10), "two ids are tried");
    assert!(created.text.contains("no answer within the deadline of 5s"), "{created:?}");
    store.hangs.store(false, Ordering::Relaxed);
    client.post("/login/7").await;
    store.hangs.store(true, Ordering::Relaxed);
    for (method, path) in crate::faults::EVERYTHING {
        let (answer, waited) = timed(client.send(method.parse().unwrap(), path)).await;
        assert_eq!((answer.status.as_u16(), waited.as_secs()), (503, 5), "{path}: the load");
        assert!(answer.text.contains("no answer within the deadline of 5s"), "{path}: {answer:?}");
    }
}

/// The outcome of a write is unknown, so it is sent again as after a lost answer.
#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_is_unknown() {
    for deadline in [None, Some(Duration::from_secs(2))] {
        let store = Hanging { deadline, ..Hanging::default() };
        let hangs = Arc::clone(&store.hangs);
        let sessions = Sessions::<Counter>::builder().store(store).build().unwrap();
        let visit = async move |mut session: Session<Counter>| {
            session.visits += 1;
            hangs.store(session.visits > 1, Ordering::Relaxed);
            match session.commit().await {
                Ok(()) => "stored".to_owned(),
                Err(error) => format!("{:?}: {:?}", error.kind(), std::error::Error::source(&error)),
            }
        };
        let app = axum::Router::new().route("/visit", axum::routing::get(visit)).layer(sessions);
        let client = Client::new(app);
        assert_eq!(client.get("/visit").await.text, "stored");
        let (answer, waited) = timed(client.get("/visit")).await;
        let each = deadline.map_or(5, |deadline| deadline.as_secs());
        assert_eq!((answer.status.as_u16(), waited.as_secs()), (503, 3 * each));
        assert!(answer.text.contains(&format!("no answer within the deadline of {each}s")), "{answer:?}");
        assert!(answer.text.contains("the change may have been applied"), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn touches_sweeps_and_calls_of_the_user_index_end() {
    let (store, clock) = (Hanging::default(), ManualClock::new());
    let sessions = Sessions::<Counter>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
    let hangs = Arc::clone(&store.hangs);
    let show = async move |session: Session<Counter>| {
        hangs.store(true, Ordering::Relaxed);
        session.visits.to_string()
    };
    let app = axum::Router::new()
        .route("/login", axum::routing::get(async |mut session: Session<Counter>| session.login(7)))
        .route("/show", axum::routing::get(show))
        .layer(sessions.clone());
    let client = Client::new(app);
    client.get("/login").await;
    clock.advance(Duration::from_mins(10));
    let (touched, waited) = timed(client.get("/show")).await;
    assert_eq!((touched.status.as_u16(), waited.as_secs()), (200, 5), "a touch that fails is only logged");
    let (listed, waited) = timed(sessions.list_user(&7, 10)).await;
    assert_eq!((listed.unwrap_err().kind(), waited.as_secs()), (ErrorKind::Unavailable, 5));
    let (revoked, waited) = timed(sessions.revoke_user(&7)).await;
    assert_eq!((revoked.unwrap_err().kind(), waited.as_secs()), (ErrorKind::Unknown, 15));
    let sweeper = sessions.sweeper();
    let running = tokio::spawn(sweeper.clone().run());
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert!(sweeper.last_success().is_none());
    store.hangs.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert!(sweeper.last_success().is_some(), "a sweep that hangs does not stop the sweeper");
    running.abort();
}

/// The stores of this crate have deadlines of their own; a wrapper has those of the store behind it.
#[test]
fn the_deadlines_of_stores() {
    let custom = || Hanging { deadline: Some(Duration::from_secs(3)), ..Hanging::default() };
    assert_eq!(MemoryStore::new().call_deadline(), None);
    assert_eq!(Arc::new(MemoryStore::new()).call_deadline(), None);
    assert_eq!(FailingStore::new(MemoryStore::new()).call_deadline(), None);
    assert_eq!(Migrating::new(MemoryStore::new(), MemoryStore::new()).call_deadline(), None);
    assert_eq!(Arc::new(custom()).call_deadline(), Some(Duration::from_secs(3)));
    assert_eq!(FailingStore::new(custom()).call_deadline(), Some(Duration::from_secs(3)));
    assert_eq!(Migrating::new(MemoryStore::new(), custom()).call_deadline(), Some(Duration::from_secs(3)));
    assert_eq!(Migrating::new(Hanging::default(), custom()).call_deadline(), Some(Duration::from_secs(5)));
}
