//! The sweeper, with a manual clock and a paused runtime.

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
