//! Idle and absolute deadlines, and the touch that moves one of them.

use super::*;

#[tokio::test]
async fn idle_and_absolute_deadlines() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(world.visits().await, "1", "a second before the idle deadline");
    world.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(world.visits().await, "1", "reading has moved it");
    world.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(world.visits().await, "0", "at the deadline it is over");
    world.client.get("/visit").await;
    for _ in 0..12 * 4 - 1 {
        world.clock.advance(Duration::from_secs(15 * 60));
        assert_eq!(world.visits().await, "1");
    }
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(world.visits().await, "0", "used or not, after twelve hours it is over");
}

#[tokio::test]
async fn a_login_starts_the_absolute_deadline_anew() {
    let world = world(|builder| builder.idle(Duration::from_secs(12 * 3600 - 1)));
    world.client.get("/visit").await;
    world.clock.advance(Duration::from_secs(11 * 3600));
    world.client.post("/login").await;
    world.clock.advance(Duration::from_secs(11 * 3600));
    assert_eq!(world.client.get("/read").await.text, "0 5 Some(\"ann\")");
}

#[tokio::test]
async fn touches_are_throttled() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.store.reset_calls();
    for _ in 0..120 {
        world.clock.advance(Duration::from_secs(1));
        world.visits().await;
    }
    assert_eq!((world.store.calls().loads, world.store.calls().touches), (120, 2));
}

/// A request that is at work counts as use. The store has what it had when the session was loaded, as Redis would have
/// it, or has removed it.
#[tokio::test]
async fn a_request_at_work_counts_as_use() {
    for (minutes, status, visits) in [(2, 200, "2"), (45, 200, "2"), (12 * 60, 409, "0")] {
        let store = FailingStore::new(MemoryStore::new());
        let clock = ManualClock::new();
        let sessions = Sessions::<Shop>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
        let slow = clock.clone();
        let app = Router::new()
            .route("/visit", get(async |mut session: Session<Shop>| session.visits += 1))
            .route("/read", get(async |session: Session<Shop>| session.visits.to_string()))
            .route(
                "/slow",
                get(async move |mut session: Session<Shop>| {
                    tokio::task::yield_now().await;
                    slow.advance(Duration::from_secs(60 * minutes));
                    session.visits += 1;
                }),
            )
            .layer(sessions);
        let client = Client::new(app);
        client.get("/visit").await;
        clock.advance(Duration::from_secs(29 * 60));
        assert_eq!(client.get("/slow").await.status, status, "{minutes} minutes");
        assert_eq!(store.calls().touches, 1, "sent when the session was loaded");
        assert_eq!(client.get("/read").await.text, visits, "{minutes} minutes");
    }
}
