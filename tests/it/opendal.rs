//! The OpenDAL store: on S3 with conditional writes, and on services without them.

use std::time::Duration;

use ::opendal::layers::RetryLayer;
use ::opendal::{Operator, services};
use http::StatusCode;
use session::store::{Commit, Committed, Created, Destroyed, OpendalOptions, Record, Store, StoreError, Touched};
use session::testing::{ManualClock, contract};
use session::{Clock as _, OpendalStore, Session, SessionId, Sessions, SystemClock, Timestamp};
use session_tests::bucket::Bucket;
use session_tests::client::Client;
use session_tests::counter::{Counter, app};
use session_tests::patient;
use session_tests::servers::{Redis, TempDir};
use tokio::task::JoinSet;

fn memory() -> Operator {
    Operator::new(services::Memory::default()).unwrap()
}

fn fs(dir: &TempDir) -> Operator {
    Operator::new(services::Fs::default().root(dir.path().to_str().unwrap())).unwrap()
}

fn redis(server: &Redis) -> Operator {
    Operator::new(services::Redis::default().endpoint(&server.url())).unwrap()
}

async fn names(operator: &Operator) -> Vec<String> {
    let entries = operator.list("sessions/").await.unwrap();
    entries.iter().filter(|entry| entry.metadata().is_file()).map(|entry| entry.name().to_owned()).collect()
}

async fn only_session(operator: &Operator) -> SessionId {
    let names = names(operator).await;
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].parse().unwrap()
}

async fn keeps_the_contract(store: impl Store, name: &str) {
    let report = contract(store).await.unwrap();
    crate::contract::show(name, &report);
    assert!(report.races() > 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s3_keeps_the_contract() {
    let bucket = Bucket::start().await;
    keeps_the_contract(
        OpendalStore::from_operator_with(bucket.operator(), patient::objects()).await.unwrap(),
        "OpenDAL, S3",
    )
    .await;
    assert_eq!(names(&bucket.operator()).await.iter().filter(|name| name.starts_with("probe")).count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_process_keeps_the_contract_without_conditional_writes() {
    let (dir, server) = (TempDir::new("opendal"), Redis::start());
    let open =
        async |operator| OpendalStore::dangerous_last_writer_wins_with(operator, patient::objects()).await.unwrap();
    keeps_the_contract(open(memory()).await, "OpenDAL, memory").await;
    keeps_the_contract(open(fs(&dir)).await, "OpenDAL, fs").await;
    keeps_the_contract(Unswept(open(redis(&server)).await), "OpenDAL, Redis, which has no listing").await;
}

/// Two stores that share nothing but the bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_on_one_bucket_keep_everything() {
    let bucket = Bucket::start().await;
    let open = async || app(OpendalStore::from_operator_with(bucket.operator(), patient::objects()).await.unwrap());
    let one = Client::new(open().await);
    one.get("/visit").await;
    let other = one.at(open().await);
    let mut tasks = JoinSet::new();
    for client in [&one, &other] {
        for _ in 0..8 {
            let client = client.clone();
            tasks.spawn(async move {
                for _ in 0..5 {
                    assert_eq!(client.get("/visit").await.status, StatusCode::OK);
                }
            });
        }
    }
    tasks.join_all().await;
    assert_eq!(one.get("/show").await.text, "nobody 81 0 0 0 0");
    assert_eq!(other.post("/destroy").await.status, StatusCode::OK);
    assert_eq!(names(&bucket.operator()).await, [""; 0]);
}

#[tokio::test]
async fn the_number_of_requests_of_each_call() {
    let bucket = Bucket::start().await;
    let store = OpendalStore::from_operator(bucket.operator()).await.unwrap();
    let client = Client::new(app(store.clone()));
    let network = bucket.network();
    let mut before = network.requests();
    let mut spent = || {
        let spent = network.requests() - before;
        before = network.requests();
        spent
    };
    client.get("/visit").await;
    assert_eq!(spent(), 1, "a new session is one write");
    client.get("/show").await;
    assert_eq!(spent(), 1, "a load is one read");
    client.get("/visit").await;
    assert_eq!(spent(), 1 + 2, "a commit reads and writes");
    let id = only_session(&bucket.operator()).await;
    spent();
    let now = SystemClock::default().now();
    let idle = store.load(id, now).await.unwrap().unwrap().idle_deadline();
    assert_eq!((store.touch(id, idle, now).await.unwrap(), spent()), (Touched::Touched, 1 + 1));
    let later = idle.saturating_add(Duration::from_secs(9));
    assert_eq!((store.touch(id, later, now).await.unwrap(), spent()), (Touched::Touched, 2));
    assert_eq!((store.destroy(id, now).await.unwrap(), spent()), (Destroyed::Existed, 3));
    assert_eq!((store.destroy(id, now).await.unwrap(), spent()), (Destroyed::Absent, 1));
}

/// With a retry layer, the second attempt fails because of the effect of the first.
#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_applied_once() {
    let bucket = Bucket::start().await;
    let retrying = bucket.operator().layer(RetryLayer::new().with_min_delay(Duration::from_millis(1)));
    for operator in [bucket.operator(), retrying] {
        let client = Client::new(app(OpendalStore::from_operator(operator).await.unwrap()));
        client.get("/visit").await;
        bucket.network().lose_an_answer();
        assert_eq!(client.get("/visit").await.status, StatusCode::OK);
        assert_eq!(client.get("/show").await.text, "nobody 2 0 0 0 0");
    }
}

/// The tombstone is written before the object is deleted. If the deletion fails, the session has ended nevertheless.
#[tokio::test]
async fn a_session_ends_even_if_its_object_cannot_be_deleted() {
    let bucket = Bucket::start().await;
    let store = OpendalStore::from_operator(bucket.operator()).await.unwrap();
    let client = Client::new(app(store.clone()));
    client.get("/visit").await;
    let (id, now) = (only_session(&bucket.operator()).await, SystemClock::default().now());
    let before = store.load(id, now).await.unwrap().unwrap();
    bucket.network().refuse_deletions(true);
    assert_eq!(store.destroy(id, now).await.unwrap(), Destroyed::Existed);
    assert_eq!(names(&bucket.operator()).await.len(), 1);
    assert!(store.load(id, now).await.unwrap().is_none());
    assert_eq!(store.touch(id, before.absolute_deadline(), now).await.unwrap(), Touched::Gone);
    let left = bucket.operator().read(&format!("sessions/{id}")).await.unwrap().to_bytes();
    assert!(left.len() < before.encoded_len(), "the tombstone has no content of the session");
    bucket.network().refuse_deletions(false);
    assert_eq!(store.sweep(10, now).await.unwrap(), 1);
    assert_eq!(names(&bucket.operator()).await, [""; 0]);
    assert_eq!(store.destroy(id, now).await.unwrap(), Destroyed::Absent);
}

/// The deadline ends the call, not the write. No other call of this process uses the session before the write has
/// ended.
#[tokio::test]
async fn without_conditions_an_abandoned_write_keeps_its_lock() {
    let bucket = Bucket::start().await;
    let options = OpendalOptions::new().deadline(Duration::from_millis(500));
    let store = OpendalStore::dangerous_last_writer_wins_with(bucket.operator(), options).await.unwrap();
    let client = Client::new(app(store.clone()));
    client.get("/visit").await;
    let (id, now) = (only_session(&bucket.operator()).await, SystemClock::default().now());
    let held = bucket.network().hold_writes().await;
    assert_eq!(client.get("/visit").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(matches!(store.load(id, now).await, Err(StoreError::Unavailable(_))));
    drop(held);
    assert_eq!(client.get("/show").await.text, "nobody 2 0 0 0 0", "the write was carried out");
}

#[tokio::test]
async fn with_conditions_a_hanging_service_is_abandoned_at_the_deadline_and_no_write_counts_twice() {
    let bucket = Bucket::start().await;
    let options = OpendalOptions::new().deadline(Duration::from_millis(500));
    let client = Client::new(app(OpendalStore::from_operator_with(bucket.operator(), options).await.unwrap()));
    client.get("/visit").await;
    let held = bucket.network().hold_writes().await;
    assert_eq!(client.get("/visit").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(client.get("/show").await.text, "nobody 1 0 0 0 0", "reads work");
    drop(held);
    assert_eq!(client.get("/visit").await.status, StatusCode::OK);
    assert_eq!(client.get("/show").await.text, "nobody 2 0 0 0 0");
}

#[tokio::test]
async fn a_service_without_conditional_writes_is_refused_by_name() {
    let (dir, server) = (TempDir::new("opendal"), Redis::start());
    for (operator, name) in [(memory(), "memory"), (fs(&dir), "fs"), (redis(&server), "redis")] {
        let Err(StoreError::Misconfigured(complaint)) = OpendalStore::from_operator(operator).await else {
            panic!("{name} has no conditional writes and is accepted");
        };
        assert!(complaint.contains(name) && complaint.contains("dangerous_last_writer_wins"), "{complaint}");
    }
}

#[tokio::test]
async fn a_service_that_ignores_conditions_is_refused() {
    let bucket = Bucket::start().await;
    bucket.network().ignore_conditions();
    let Err(StoreError::Misconfigured(complaint)) = OpendalStore::from_operator(bucket.operator()).await else {
        panic!("a service that overwrites is accepted");
    };
    assert_eq!(
        complaint,
        "the service s3 accepts the condition that the object does not exist, and overwrites an existing one"
    );
    assert_eq!(names(&bucket.operator()).await, [""; 0], "the probe removes its object");
    OpendalStore::dangerous_last_writer_wins(bucket.operator()).await.unwrap();
}

#[tokio::test]
async fn misconfiguration_and_unavailability_are_distinguished() {
    let bucket = Bucket::start().await;
    let missing = OpendalStore::from_operator(bucket.operator_on("nowhere")).await;
    assert!(matches!(&missing, Err(StoreError::Misconfigured(why)) if why.contains("NoSuchBucket")), "{missing:?}");
    let badly_named = OpendalStore::from_operator_with(bucket.operator(), OpendalOptions::new().prefix("../")).await;
    assert!(matches!(&badly_named, Err(StoreError::Misconfigured(why)) if why.contains("prefix")), "{badly_named:?}");
    let options = OpendalOptions::new().max_bytes(1024).deadline(Duration::from_millis(500));
    let small = OpendalStore::from_operator_with(bucket.operator(), options).await.unwrap();
    let client = Client::new(app(small));
    client.get("/visit").await;
    let before = bucket.network().requests();
    for number in 0..500 {
        let answer = client.get(&format!("/map/{number}")).await;
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR {
            break;
        }
    }
    let (spent, kept) = (bucket.network().requests() - before, client.get("/show").await.text);
    let kept: u64 = kept.split(' ').nth(4).unwrap().parse().unwrap();
    assert!((1..500).contains(&kept));
    assert_eq!(spent, kept * 3 + 1, "a record that is too large is not sent");
    drop(bucket);
    assert_eq!(client.get("/show").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn foreign_bytes_are_corrupt_and_not_changed() {
    let bucket = Bucket::start().await;
    let (operator, store) = (bucket.operator(), OpendalStore::from_operator(bucket.operator()).await.unwrap());
    let client = Client::new(app(store.clone()));
    client.get("/visit").await;
    let id = only_session(&operator).await;
    let now = SystemClock::default().now();
    let record = store.load(id, now).await.unwrap().unwrap();
    let object = format!("sessions/{id}");
    for foreign in ["", "not a session", &"x".repeat(4096)] {
        operator.write(&object, foreign.to_owned()).await.unwrap();
        assert!(matches!(store.load(id, now).await, Err(StoreError::Corrupt(_))));
        assert!(matches!(store.touch(id, now.saturating_add(Duration::MAX), now).await, Err(StoreError::Corrupt(_))));
        assert_eq!(store.create(id, &record, now).await.unwrap(), Created::Exists);
        store.sweep(10, now.saturating_add(Duration::MAX)).await.unwrap();
        client.get("/visit").await;
        assert_eq!(operator.read(&object).await.unwrap().to_bytes(), foreign);
    }
}

#[tokio::test]
async fn a_sweep_reads_a_limited_number_of_objects_and_the_next_one_continues() {
    let bucket = Bucket::start().await;
    let now = SystemClock::default().now();
    for (operator, conditional) in [(bucket.operator(), true), (memory(), false)] {
        let store = match conditional {
            true => OpendalStore::from_operator(operator.clone()).await.unwrap(),
            false => OpendalStore::dangerous_last_writer_wins(operator.clone()).await.unwrap(),
        };
        for _ in 0..10 {
            Client::new(app(store.clone())).get("/visit").await;
        }
        operator.write("sessions/readme", "not a session").await.unwrap();
        assert_eq!(store.sweep(100, now).await.unwrap(), 0, "live sessions stay");
        let late = now.saturating_add(Duration::from_hours(1));
        assert_eq!(store.sweep(4, late).await.unwrap(), 4, "the limit");
        assert_eq!(store.sweep(4, now).await.unwrap(), 0);
        assert_eq!(store.sweep(4, late).await.unwrap(), 2, "the last two");
        assert_eq!(store.sweep(100, late).await.unwrap(), 4, "from the beginning again");
        assert_eq!(names(&operator).await, ["readme"]);
    }
}

/// A sweeper goes on while batches are full, so live objects must not make them smaller.
#[tokio::test]
async fn live_objects_do_not_end_a_sweep() {
    let operator = memory();
    let store = OpendalStore::dangerous_last_writer_wins(operator.clone()).await.unwrap();
    let clock = ManualClock::at(SystemClock::default().now());
    let sessions = Sessions::<Counter>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
    let visit = axum::routing::get(async |mut session: Session<Counter>| session.visits += 1);
    let app = axum::Router::new().route("/", visit).layer(sessions.layer());
    for number in 0..120 {
        if number == 100 {
            clock.advance(Duration::from_hours(1));
        }
        Client::new(app.clone()).get("/").await;
    }
    assert_eq!(sessions.sweeper().batch(30).sweep().await.unwrap(), 100);
    assert_eq!(names(&operator).await.len(), 20, "live sessions stay");
}

#[tokio::test]
async fn a_sweep_on_a_service_without_listing_is_an_error() {
    let server = Redis::start();
    let store = OpendalStore::dangerous_last_writer_wins(redis(&server)).await.unwrap();
    let swept = store.sweep(1, Timestamp::from_millis(0)).await;
    assert!(matches!(&swept, Err(StoreError::Misconfigured(why)) if why.contains("redis list")), "{swept:?}");
}

/// The store without its sweep.
struct Unswept(OpendalStore);

impl Store for Unswept {
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

    async fn sweep(&self, _limit: usize, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }
}
