//! A process whose rival comes first, time and again: how long its commits go on.

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

/// Before each of the next commits a visit to another process's app comes first.
#[derive(Clone, Default)]
struct Overtaken {
    store: MemoryStore,
    rival: Arc<OnceCell<Client>>,
    times: Arc<AtomicU32>,
    /// How long each commit takes.
    latency: Duration,
}

impl Overtaken {
    /// A client whose commits lose `times` times, and its store.
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

/// A process that loses several hundred times in a row still has its turn.
#[tokio::test(start_paused = true)]
async fn whoever_only_has_to_wait_comes_through() {
    for (path, shown) in [("/visit", "nobody 402 0 0 0 0"), ("/update", "nobody 401 1 0 0 0")] {
        let (client, _) = Overtaken::client(400).await;
        assert_eq!(client.get(path).await.status, 200, "{path}");
        assert_eq!(client.get("/show").await.text, shown);
    }
}

/// But not for ever, and who gives up has written nothing.
#[tokio::test(start_paused = true)]
async fn whoever_never_wins_is_told_so() {
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

/// Where a try takes long, five seconds are too few of them.
#[tokio::test(start_paused = true)]
async fn a_slow_store_has_its_tries_too() {
    let slow = Overtaken { latency: Duration::from_millis(2500), ..Overtaken::default() };
    let (client, _) = slow.with_client(12).await;
    assert_eq!(client.get("/visit").await.status, 200);
}

/// Who waits in line has waited: its time does not begin when it leads.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_patience_of_all_the_others() {
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

/// A generator that has failed since it gave the session its id.
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

/// The pauses need no luck to be pauses: without any, nothing would end the contest.
#[tokio::test(start_paused = true)]
async fn it_ends_without_random_bytes_too() {
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
