//! Commits that conflict again and again: how long they are tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use session::store::{Commit, Committed, Created, Destroyed, Record, StoreError, Touched};
use session::{MemoryStore, Rng, RngError, Session, SessionId, Sessions, Store, SystemRng, Timestamp};
use session_tests::client::Client;
use session_tests::counter::{Counter, app};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Before each of the next commits, a request at another process changes the session.
#[derive(Clone, Default)]
struct Overtaken {
    store: MemoryStore,
    rival: Arc<OnceCell<Client>>,
    times: Arc<AtomicU32>,
    /// How long each commit takes.
    latency: Duration,
}

impl Overtaken {
    /// A client whose commits conflict `times` times, and its store.
    async fn client(times: u32) -> (Client, Self) {
        Self::default().with_client(times).await
    }

    async fn with_client(self, times: u32) -> (Client, Self) {
        let store = self;
        let client = Client::new(app(store.clone()));
        client.get("/visit").await;
        store.rival.set(client.at(app(store.store.clone()))).ok();
        store.times.store(times, Ordering::Relaxed);
        (client, store)
    }
}

impl Store for Overtaken {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.store.create(id, record, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.store.load(id, now).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        tokio::time::sleep(self.latency).await;
        let ahead = self.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if let Some(rival) = self.rival.get().filter(|_| ahead) {
            assert_eq!(rival.get("/visit").await.status, 200);
        }
        self.store.commit(id, commit, now).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(id, idle, now).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.store.destroy(id, now).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.store.sweep(limit, now).await
    }
}

/// Several hundred conflicts in a row do not fail a commit.
#[tokio::test(start_paused = true)]
async fn a_commit_outlasts_several_hundred_conflicts() {
    for (path, shown) in [("/visit", "nobody 402 0 0 0 0"), ("/update", "nobody 401 1 0 0 0")] {
        let (client, _) = Overtaken::client(400).await;
        assert_eq!(client.get(path).await.status, 200, "{path}");
        assert_eq!(client.get("/show").await.text, shown);
    }
}

/// A commit is not tried for ever, and after the last attempt nothing is written.
#[tokio::test(start_paused = true)]
async fn endless_conflicts_end_in_an_error() {
    for path in ["/visit", "/update"] {
        let (client, store) = Overtaken::client(u32::MAX).await;
        let begun = Instant::now();
        let answer = client.get(path).await;
        assert_eq!(answer.status, 409, "{path}");
        let waited = begun.elapsed();
        assert!((5..6).contains(&waited.as_secs()), "{path}: {waited:?}");
        let visits = u32::MAX - store.times.swap(0, Ordering::Relaxed);
        println!("{path}: {visits} tries in {waited:?}");
        assert_eq!(client.get("/show").await.text, format!("nobody {} 0 0 0 0", visits + 1));
    }
}

/// Where one attempt takes seconds, the limit on time alone would allow too few attempts.
#[tokio::test(start_paused = true)]
async fn a_slow_store_gets_the_least_number_of_attempts() {
    let slow = Overtaken { latency: Duration::from_millis(2500), ..Overtaken::default() };
    let (client, _) = slow.with_client(12).await;
    assert_eq!(client.get("/visit").await.status, 200);
}

/// The time in the queue counts: it does not begin when the commit becomes the leader.
#[tokio::test(start_paused = true)]
async fn the_time_in_the_queue_counts() {
    for path in ["/visit", "/update"] {
        let (client, _) = Overtaken::client(u32::MAX).await;
        let begun = Instant::now();
        let mut visits: JoinSet<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                async move { client.get(path).await.status }
            })
            .collect();
        while let Some(status) = visits.join_next().await {
            assert_eq!(status.unwrap(), 409);
        }
        let waited = begun.elapsed();
        assert!((5..7).contains(&waited.as_secs()), "{path}: {waited:?}");
    }
}

/// A generator of random bytes that fails after it has made the session id.
#[derive(Default)]
struct Failing(AtomicBool);

impl Rng for &'static Failing {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        if self.0.load(Ordering::Relaxed) {
            return Err(RngError::new("no more"));
        }
        SystemRng::default().fill(bytes)
    }
}

/// Without random bytes the pauses still pass: otherwise the attempts would never end in paused time.
#[tokio::test(start_paused = true)]
async fn attempts_end_without_random_bytes() {
    static RNG: Failing = Failing(AtomicBool::new(false));
    let store = Overtaken::default();
    let sessions = Sessions::<Counter>::builder().store(store.clone()).rng(&RNG).build().unwrap();
    let visit = get(async |mut session: Session<Counter>| session.visits += 1);
    let client = Client::new(Router::new().route("/visit", visit).layer(sessions.layer()));
    client.get("/visit").await;
    RNG.0.store(true, Ordering::Relaxed);
    store.rival.set(client.at(app(store.store.clone()))).ok();
    store.times.store(u32::MAX, Ordering::Relaxed);
    assert_eq!(client.get("/visit").await.status, 409);
}
