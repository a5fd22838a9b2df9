//! Changes of one request that meet: each step counts once, whichever handle made it and whichever commit failed.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use session::{Error, ErrorKind};
use tokio::join;
use tokio::time::timeout;

use super::*;

const STEP: Duration = Duration::from_millis(10);

/// The store takes fifty milliseconds for the next call, and refuses it then.
fn slow_and_unavailable(inner: &FailingStore<MemoryStore>, outer: &FailingStore<FailingStore<MemoryStore>>) {
    outer.fail_next(Fault::Delay(5 * STEP), 1);
    inner.fail_next(Fault::Before, 1);
}

/// A counter is changed before a commit that is cancelled and fails, while it is under way, and after it.
#[tokio::test(start_paused = true)]
async fn a_failed_commit_that_was_cancelled_loses_no_step() {
    for way in ["one handle", "two handles", "plain field"] {
        let inner = FailingStore::new(MemoryStore::new());
        let outer = FailingStore::new(inner.clone());
        let (line, slow) = (inner.clone(), outer.clone());
        let go = async move |mut session: Handed, mut other: Handed| {
            slow_and_unavailable(&line, &slow);
            session.visits += 1;
            session.plain = 1;
            match way {
                "two handles" => {
                    other.visits += 1;
                    let (committed, ()) = join!(session.commit(), async { drop(other) });
                    assert_eq!(committed.unwrap_err().kind(), ErrorKind::Unavailable);
                },
                _ => {
                    timeout(STEP, session.commit()).await.unwrap_err();
                    session.visits += 1;
                    session.plain += 1;
                },
            }
            session.visits += 1;
        };
        let sessions = Sessions::<Shop>::builder().store(outer).build().unwrap();
        let app = Router::new()
            .route("/go", post(go))
            .route("/visit", post(async |mut session: Handed| session.visits += 1))
            .route("/show", get(async |session: Handed| format!("{} {}", session.visits, session.plain)))
            .layer(sessions);
        let client = Client::new(app);
        client.post("/visit").await;
        assert_eq!(client.post("/go").await.status, 200, "{way}");
        let plain = if way == "two handles" { 1 } else { 2 };
        assert_eq!(client.get("/show").await.text, format!("4 {plain}"), "{way}");
    }
}

/// A handle whose commit was cancelled has its own values, not those of other handles: a later step is not an
/// overwrite.
#[tokio::test(start_paused = true)]
async fn a_cancelled_commit_does_not_hide_the_steps_of_other_handles() {
    let inner = FailingStore::new(MemoryStore::new());
    let outer = FailingStore::new(inner.clone());
    let slow = outer.clone();
    let sessions = Sessions::<Shop>::builder().store(outer).build().unwrap();
    let go = async move |mut session: Handed, mut other: Handed| {
        other.visits += 1;
        drop(other);
        session.plain = 5;
        slow.fail_next(Fault::Delay(5 * STEP), 1);
        timeout(STEP, session.commit()).await.unwrap_err();
        session.visits += 1;
    };
    let app = Router::new()
        .route("/go", post(go))
        .route("/visit", post(async |mut session: Handed| session.visits += 1))
        .route("/show", get(async |session: Handed| session.visits.to_string()))
        .layer(sessions);
    let client = Client::new(app);
    client.post("/visit").await;
    assert_eq!(client.post("/go").await.status, 200);
    assert_eq!(client.get("/show").await.text, "3");
}

/// A handle is dropped on another thread while the closure of another handle's update runs.
#[tokio::test]
async fn a_handle_that_is_dropped_during_an_update_keeps_its_change() {
    let world = world(async |mut session: Handed, other: Handed| {
        let mut other = Some(other);
        let visits = session
            .update(move |session| {
                if let Some(mut other) = other.take() {
                    std::thread::scope(|scope| {
                        scope.spawn(move || {
                            other.visits += 10;
                            drop(other);
                        });
                    });
                }
                session.visits += 1;
                session.visits
            })
            .await?;
        Ok::<_, Error>(visits.to_string())
    });
    world.client.post("/visit").await;
    assert_eq!(world.client.post("/go").await.text, "2", "an update sees what is stored");
    assert_eq!(world.client.post("/go").await.text, "13");
}

/// As above, and the update meets a conflict.
#[tokio::test]
async fn a_handle_that_is_dropped_during_a_conflict_keeps_its_change() {
    let line = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(line.clone()).build().unwrap();
    let rival = Sessions::<Shop>::builder().store(line.clone()).build().unwrap();
    let visit = || post(async |mut session: Handed| session.visits += 1);
    let elsewhere = Client::new(Router::new().route("/visit", visit()).layer(rival));
    let rival = elsewhere.clone();
    let go = async move |mut session: Handed, other: Handed| {
        let mut other = Some(other);
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        let (mut send, mut runs) = (Some(send), 0);
        rival.post("/visit").await;
        let updated = session.update(|session| {
            runs += 1;
            if let Some(mut other) = other.take() {
                other.visits += 10;
                drop(other);
                send.take().map(|send| send.send(()));
            }
            session.visits += 1;
        });
        updated.await.unwrap();
        receive.await.unwrap();
        assert_eq!(runs, 2, "the rival has committed after the load");
    };
    let app = Router::new().route("/go", post(go)).route("/visit", visit());
    let app = app.route("/show", get(async |session: Handed| session.visits.to_string())).layer(sessions);
    let client = elsewhere.at(app);
    client.post("/visit").await;
    assert_eq!(client.post("/go").await.status, 200);
    assert_eq!(client.get("/show").await.text, "13");
}

#[tokio::test]
async fn an_update_that_refuses_stores_nothing() {
    let world = world(async |mut session: Handed| {
        let full = session
            .try_update(|session| {
                session.cart.push("one too many".into());
                if session.cart.len() > 1 { Err("full") } else { Ok(session.cart.len()) }
            })
            .await?;
        assert_eq!(session.cart.len(), 1, "the handle has what is stored");
        Ok::<_, Error>(format!("{full:?}"))
    });
    assert_eq!(world.client.post("/go").await.text, "Ok(1)", "a new session");
    world.line.reset_calls();
    assert_eq!(world.client.post("/go").await.text, "Err(\"full\")");
    assert_eq!(world.line.calls().writes(), 0);
    assert_eq!(world.show().await, "None \"\" \"\" [\"one too many\"]");
}

#[tokio::test]
async fn a_detached_update_that_refuses_stores_nothing() {
    let world = world(async |mut session: Handed| {
        session.commit().await?;
        let detached = session.detach();
        let refused = detached.try_update(|session| {
            session.visits += 1;
            Err::<(), _>("no")
        });
        Ok::<_, Error>(format!("{:?} {}", refused.await?, session.visits))
    });
    world.client.post("/visit").await;
    assert_eq!(world.client.post("/go").await.text, "Err(\"no\") 1");
    assert_eq!(world.client.post("/go").await.text, "Err(\"no\") 1");
}

/// A middleware keeps its handle while the handler runs.
#[tokio::test]
async fn applied_changes_are_seen_by_later_handles() {
    let line = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(line.clone()).build().unwrap();
    let around = from_fn(async |mut session: Handed, request: Request, next: Next| {
        session.name = "from the middleware".into();
        session.apply().unwrap();
        let response = next.run(request).await;
        session.plain = 3;
        response
    });
    let go = post(async |mut session: Handed| {
        session.visits += 1;
        session.name.clone()
    });
    let app = Router::new().route("/go", go).layer(around);
    let app = app.route("/show", get(async |session: Handed| format!("{} {}", session.visits, session.plain)));
    let client = Client::new(app.layer(sessions));
    assert_eq!(client.post("/go").await.text, "from the middleware");
    assert_eq!(line.calls().total(), 1, "one create");
    assert_eq!(client.get("/show").await.text, "1 3");
}

#[tokio::test]
async fn discarded_changes_are_not_stored() {
    let world = world(async |mut session: Handed| {
        session.visits += 1;
        session.apply()?;
        session.visits += 1;
        session.name = "discarded".into();
        session.discard();
        session.plain = 4;
        Ok::<_, Error>(format!("{} {:?} {:?}", session.visits, session.name, session))
    });
    let text = world.client.post("/go").await.text;
    assert!(text.starts_with("1 \"\" ShopSession { id: None, changed: true,"), "{text}");
    assert_eq!(world.show().await, "None \"\" \"\" []");
}

/// A handle from before a destruction is dropped after it.
#[tokio::test]
async fn a_change_from_before_a_destruction_is_dropped() {
    let world = world(async |mut first: Handed, second: Handed| {
        second.destroy();
        first.notice = Some("lost".into());
    });
    world.client.post("/login").await;
    let cookie = world.client.cookie();
    assert_eq!(world.go().await, 200);
    assert_eq!(world.client.cookie(), None);
    assert_eq!(world.show_of(cookie).await, "None \"\" \"\" []");
}

/// The session is destroyed while a commit that creates it, or changes it, is under way.
#[tokio::test(start_paused = true)]
async fn a_destruction_during_a_commit_is_not_undone() {
    for stored in [false, true] {
        let line = FailingStore::new(MemoryStore::new());
        let slow = line.clone();
        let sessions = Sessions::<Shop>::builder().store(line.clone()).build().unwrap();
        let go = async move |mut session: Handed, other: Handed| {
            session.visits += 1;
            slow.fail_next(Fault::Delay(5 * STEP), 1);
            let (committed, ()) = join!(session.commit(), async {
                tokio::task::yield_now().await;
                other.destroy();
            });
            committed
        };
        let app = Router::new()
            .route("/go", post(go))
            .route("/visit", post(async |mut session: Handed| session.visits += 1))
            .layer(sessions);
        let client = Client::new(app);
        if stored {
            client.post("/visit").await;
        }
        assert_eq!(client.post("/go").await.status, 200);
        assert_eq!(client.cookie(), None, "stored before: {stored}");
        assert_eq!(line.inner().len(), 0, "stored before: {stored}");
    }
}
