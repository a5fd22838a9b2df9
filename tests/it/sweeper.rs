//! The sweeper, with a manual clock and a paused runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use session::testing::{FailingStore, Fault, ManualClock};
use session::{Clock as _, MemoryStore, Sessions};
use session_tests::client::Client;
use session_tests::counter::Counter;
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn sweeps_periodically_and_continues_after_store_errors() {
    let (memory, clock) = (MemoryStore::new(), ManualClock::new());
    let store = FailingStore::new(memory.clone());
    let sessions = Sessions::<Counter>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
    let visit = axum::routing::get(async |mut session: session::Session<Counter>| session.visits += 1);
    let app = axum::Router::new().route("/", visit).layer(sessions.layer());
    let fill = async || {
        for _ in 0..25 {
            Client::new(app.clone()).get("/").await;
        }
    };
    fill().await;
    let sweeper = sessions.sweeper().every(Duration::from_mins(5)).batch(10);
    assert_eq!(sweeper.last_success(), None, "it does nothing before `run`");
    let task = tokio::spawn(sweeper.clone().run());
    sleep(Duration::from_secs(1)).await;
    assert_eq!((sweeper.last_success(), memory.len()), (Some(clock.now()), 25), "live sessions stay");

    clock.advance(Duration::from_hours(1));
    store.fail(Fault::Before);
    let before = sweeper.last_success();
    sleep(Duration::from_hours(1)).await;
    assert_eq!((sweeper.last_success(), memory.len()), (before, 25));
    store.heal();
    sleep(Duration::from_secs(450)).await;
    assert_eq!((sweeper.last_success(), memory.len()), (Some(clock.now()), 0), "within one and a half intervals");
    assert_eq!(sweeper.removed(), 25);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_and_back_empties_no_store() {
    let (store, clock) = (MemoryStore::new(), Jumping::default());
    let sessions = Sessions::<Counter>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
    let visit = axum::routing::get(async |mut session: session::Session<Counter>| session.visits += 1);
    let app = axum::Router::new().route("/", visit).layer(sessions.layer());
    for _ in 0..25 {
        Client::new(app.clone()).get("/").await;
    }
    let task = tokio::spawn(sessions.sweeper().every(Duration::from_secs(60)).run());
    sleep(Duration::from_secs(1)).await;
    clock.0.store(1 << 40, Ordering::SeqCst);
    sleep(Duration::from_mins(5)).await;
    clock.0.store(0, Ordering::SeqCst);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(store.len(), 25);
    clock.0.store(1 << 40, Ordering::SeqCst);
    sleep(Duration::from_mins(15)).await;
    assert_eq!(store.len(), 0, "it has stayed there");
    task.abort();
}

/// A clock with an error, in milliseconds.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicU64>);

impl session::Clock for Jumping {
    fn now(&self) -> session::Timestamp {
        session::Timestamp::from_millis(1_767_225_600_000 + self.0.load(Ordering::SeqCst))
    }
}
