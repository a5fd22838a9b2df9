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
