//! Stores keep the contract, and the check finds stores that do not.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use session::store::{Commit, Committed, Created, Destroyed, Record, StoreError, Touched};
use session::testing::{Contract, FailingStore, Fault, Report, contract};
use session::{MemoryStore, RedisStore, SessionId, Store, Timestamp};
use session_tests::servers::Redis;
use session_tests::{patient, print_figure};

/// For stores without a server: the full number of races, in every run.
pub(crate) const MANY: u32 = 10_000;

pub(crate) fn show(store: &str, report: &Report) {
    println!("{store}: {report}");
    let (sequences, histories, races) = (report.sequences(), report.histories(), report.races());
    print_figure(
        format_args!("contract, {store}"),
        format_args!("{sequences} sequences, {histories} histories, {races} races, 0 anomalies"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    let report = Contract::new(MemoryStore::new()).rounds(MANY).check().await.unwrap();
    show("memory", &report);
    assert!(report.races() > 4_000 && report.histories() > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis() {
    let redis = Redis::start();
    let store = RedisStore::connect_with(&redis.url(), patient::redis()).await.unwrap();
    let report = contract(store).await.unwrap();
    show("Redis", &report);
    assert!(report.races() > 4_000 && report.histories() > 100);
}

/// The failing store, without a fault. It passes the user index on; otherwise the index would not be checked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrapper() {
    let report = contract(FailingStore::new(MemoryStore::new())).await.unwrap();
    assert!(report.races() > 4_000);
}

/// A memory store with one typical mistake.
struct Broken {
    inner: MemoryStore,
    mistake: Mistake,
    cache: Mutex<HashMap<SessionId, Record>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    /// A commit creates a record that does not exist.
    Upsert,
    /// A commit reads and writes in two steps.
    CheckThenWrite,
    /// A commit ignores its condition.
    LastWriterWins,
    /// A load answers from a cache without invalidation.
    Cache,
    /// A commit removes the old record, and can be cancelled before it writes the new one.
    Torn,
    /// A touch writes the whole record, with any deadline.
    TouchCounts,
    /// A refused commit is answered with `Applied`.
    SaysApplied,
}

impl Broken {
    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Record>> {
        self.cache.lock().unwrap()
    }

    async fn put(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Committed, StoreError> {
        let _ = self.inner.destroy(id, now).await?;
        if self.mistake == Mistake::Torn {
            tokio::task::yield_now().await;
        }
        let _ = self.inner.create(id, record, now).await?;
        Ok(Committed::Applied)
    }
}

impl Store for Broken {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.inner.create(id, record, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let cached = self.cache().remove(&id);
        if self.mistake == Mistake::Cache && cached.is_some() {
            return Ok(cached);
        }
        let loaded = self.inner.load(id, now).await?;
        self.cache().extend(loaded.clone().map(|record| (id, record)));
        Ok(loaded)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let stored = self.inner.load(id, now).await?;
        let fits = |stored: &Record| (stored.epoch(), stored.revision()) == (commit.epoch, commit.revision);
        match (self.mistake, stored) {
            (Mistake::Upsert, None) => self.put(id, commit.record, now).await,
            (Mistake::LastWriterWins, Some(_)) => self.put(id, commit.record, now).await,
            (Mistake::CheckThenWrite, Some(stored)) if fits(&stored) => {
                tokio::task::yield_now().await;
                self.put(id, commit.record, now).await
            },
            (Mistake::Torn, Some(stored)) if fits(&stored) => {
                let later =
                    commit.record.clone().with_idle_deadline(stored.idle_deadline().max(commit.record.idle_deadline()));
                self.put(id, &later, now).await
            },
            (Mistake::SaysApplied, _) => match self.inner.commit(id, commit, now).await? {
                Committed::Superseded => Ok(Committed::Applied),
                other => Ok(other),
            },
            _ => self.inner.commit(id, commit, now).await,
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        if self.mistake == Mistake::TouchCounts
            && let Some(stored) = self.inner.load(id, now).await?
        {
            let _ = self.put(id, &stored.with_idle_deadline(idle), now).await?;
            return Ok(Touched::Touched);
        }
        self.inner.touch(id, idle, now).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.inner.destroy(id, now).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.inner.sweep(limit, now).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_broken_store_is_detected() {
    for (mistake, complaint) in [
        (Mistake::Upsert, "commit after destroy is Gone"),
        (Mistake::CheckThenWrite, "no order of these calls explains"),
        (Mistake::LastWriterWins, "commit at an older revision is Conflict"),
        (Mistake::Cache, "the store answers Loaded"),
        (Mistake::Torn, "a cancelled call happens entirely or not at all"),
        (Mistake::TouchCounts, "touch moves the idle deadline forward, never back"),
        (Mistake::SaysApplied, "the store answers Committed(Applied) instead of Committed(Superseded)"),
    ] {
        let broken = Broken { inner: MemoryStore::new(), mistake, cache: Mutex::default() };
        let violations = Contract::new(broken).rounds(1_000).check().await.unwrap_err().to_string();
        assert!(violations.contains(complaint), "{mistake:?}: {violations}");
        println!("{mistake:?}: {}", violations.lines().take(6).collect::<Vec<_>>().join("\n"));
    }
}

/// The same seed gives the same sequence, and the reported sequence is reduced to the necessary calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reported_sequences_are_reproducible_and_short() {
    let broken = || Broken { inner: MemoryStore::new(), mistake: Mistake::Cache, cache: Mutex::default() };
    let mut reports = Vec::new();
    for _ in 0..2 {
        let violations = Contract::new(broken()).rounds(1_000).seed(7).check().await.unwrap_err();
        let sequence = violations.list().iter().find(|line| line.starts_with("seed 7")).unwrap();
        let calls = &sequence[sequence.find('[').unwrap()..sequence.find(']').unwrap()];
        assert!(calls.matches(", ").count() <= 3, "{calls}");
        reports.push(calls.to_owned());
    }
    println!("{}", reports[0]);
    let names =
        |calls: &str| calls.split(", ").map(|call| call.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&reports[0]), names(&reports[1]));
}

/// A contract that fails names the call, its error, and how often it was made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_fails_is_named_with_its_error_and_the_counts() {
    let store = FailingStore::new(MemoryStore::new());
    store.fail(Fault::After);
    let violations = Contract::new(store).rounds(100).check().await.unwrap_err().to_string();
    println!("{violations}");
    for part in ["of which 20 failed", "load", "injected: the answer was lost"] {
        assert!(violations.contains(part), "{part}: {violations}");
    }
    let broken = Broken { inner: MemoryStore::new(), mistake: Mistake::CheckThenWrite, cache: Mutex::default() };
    let violations = Contract::new(broken).rounds(1_000).check().await.unwrap_err().to_string();
    println!("{violations}");
    let counted = violations.contains("revision 401 is wanted and Some(") || violations.contains("commit ");
    assert!(counted && violations.contains("calls until then: "), "{violations}");
}

/// A machine that is too slow for a store's deadlines, now and then, is no violation.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_fail_now_and_then_are_no_violation() {
    struct Impatient(MemoryStore, AtomicU64);

    impl Impatient {
        fn fails(&self) -> Result<(), StoreError> {
            match self.1.fetch_add(1, Ordering::SeqCst) % 5 {
                0 => Err(StoreError::unavailable("no connection within the deadline")),
                _ => Ok(()),
            }
        }

        /// The call was carried out.
        fn is_late(&self) -> Result<(), StoreError> {
            match self.1.fetch_add(1, Ordering::SeqCst) % 7 {
                0 => Err(StoreError::unknown("no answer within the deadline")),
                _ => Ok(()),
            }
        }
    }

    impl Store for Impatient {
        async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
            self.fails()?;
            self.0.create(id, record, now).await
        }

        async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
            self.fails()?;
            self.0.load(id, now).await
        }

        async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
            self.fails()?;
            let committed = self.0.commit(id, commit, now).await?;
            self.is_late()?;
            Ok(committed)
        }

        async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
            self.fails()?;
            let touched = self.0.touch(id, idle, now).await?;
            self.is_late()?;
            Ok(touched)
        }

        async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
            self.fails()?;
            self.0.destroy(id, now).await
        }

        async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
            self.0.sweep(limit, now).await
        }
    }

    let report = Contract::new(Impatient(MemoryStore::new(), AtomicU64::new(1))).rounds(200).check().await.unwrap();
    println!("{report}");
    assert!(report.failed_calls() > 100);
}
