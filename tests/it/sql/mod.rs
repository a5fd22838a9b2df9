//! The stores in SQL databases, each against the real server.

mod mysql;
mod postgres;
mod sqlite;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use session::store::StoreError;
use session::testing::{Contract, ManualClock};
use session::{Clock as _, Session, Sessions, Store, SystemClock, Timestamp};
use session_tests::client::Client;
use session_tests::counter::Counter;
use tokio::task::JoinSet;

async fn keeps_the_contract(store: impl Store, name: &str) {
    check(Contract::new(store), name).await;
}

async fn check(contract: Contract<impl Store>, name: &str) {
    let report = contract.check().await.unwrap();
    crate::contract::show(name, &report);
    assert!(report.races() > 4_000 && report.histories() > 100);
}

/// Four sweepers share the removal of `expired` rows; a live row stays.
async fn sweepers_share_the_work(store: impl Store + Clone, expired: usize) {
    let client = Client::new(session_tests::counter::app(store.clone()));
    client.get("/visit").await;
    let now = SystemClock::default().now();
    assert_eq!(store.sweep(0, now).await.unwrap(), 0);
    assert_eq!(store.sweep(100, now).await.unwrap(), 100, "bounded");
    let mut sweepers = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        sweepers.spawn(async move {
            let mut removed = 0;
            loop {
                match store.sweep(500, now).await {
                    Ok(0) => return removed,
                    Ok(batch) => removed += batch,
                    Err(StoreError::Unavailable(_)) => {},
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let shares = sweepers.join_all().await;
    println!("swept: {shares:?}");
    assert!(shares.iter().sum::<usize>() <= expired - 100, "no row is removed twice");
    while store.sweep(500, now).await.unwrap() > 0 {}
    assert_eq!(client.get("/show").await.text, "nobody 1 0 0 0 0");
}

/// With processes whose clocks are six years slow and six years fast, no session ends early: deadlines follow the
/// server's clock.
async fn wrong_clocks_end_no_session<S: Store>([right, slow, fast]: [S; 3]) {
    let now = SystemClock::default().now();
    let years = 6 * 365 * 86_400_000;
    let app = |store: S, clock: ManualClock| {
        let visit = get(async |mut session: Session<Counter>| {
            session.visits += 1;
            session.visits.to_string()
        });
        let sessions = Sessions::<Counter>::builder().store(store).clock(clock).build().unwrap();
        Router::new().route("/visit", visit).layer(sessions.layer())
    };
    let ahead = ManualClock::at(Timestamp::from_millis(now.as_millis() + years));
    let right = Client::new(app(right, ManualClock::at(now)));
    let slow = right.at(app(slow, ManualClock::at(Timestamp::from_millis(now.as_millis() - years))));
    let fast = right.at(app(fast, ahead.clone()));
    for (client, visits) in [(&right, "1"), (&slow, "2"), (&fast, "3"), (&right, "4")] {
        assert_eq!(client.get("/visit").await.text, visits);
    }
    ahead.advance(Duration::from_hours(1));
    assert_eq!(fast.get("/visit").await.text, "5", "a clock that jumps is measured again along with the read");
}

/// Processes that create the table at the same time all succeed.
async fn concurrent_constructors_succeed<S, F>(connect: impl Fn() -> F)
where
    S: Store,
    F: Future<Output = Result<S, StoreError>> + Send + 'static,
{
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        processes.spawn(connect());
    }
    for outcome in processes.join_all().await {
        outcome.unwrap();
    }
}

/// The table is missing, and the error says how to create it.
fn assert_no_table<S>(outcome: Result<S, StoreError>) {
    let Err(StoreError::Misconfigured(text)) = outcome else {
        panic!("a store without a table");
    };
    assert!(text.contains("has no table") && text.contains("create_table(true)") && text.contains("migrate"), "{text}");
}
