//! How a request ends: with a login, an error, a panic, or a cancellation.

use session::testing::Fault;

use super::*;

#[tokio::test]
async fn privilege_changes_rotate_whether_or_not_login_was_called() {
    let world = world(|builder| builder);
    for path in ["/visit", "/assign", "/admin", "/rotate", "/login"] {
        let before = world.client.cookie();
        if path == "/visit" {
            world.client.get(path).await
        } else {
            world.client.post(path).await
        };
        assert_ne!(world.client.cookie(), before, "{path}");
        if let Some(before) = before {
            let now = world.client.cookie();
            world.client.set_cookie(Some(before));
            assert_eq!(world.visits().await, "0", "{path}: the old id is dead at once");
            assert_eq!(world.client.get("/read").await.set_cookie(), None, "and the cookie is left alone");
            world.client.set_cookie(now);
        }
    }
}

#[tokio::test]
async fn server_errors_drop_data_but_not_lifecycle() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/visit500").await;
    assert_eq!(world.visits().await, "1");
    world.client.get("/visit404").await;
    assert_eq!(world.visits().await, "2", "a client error is an answer like any other");
    world.client.post("/login").await;
    let cookie = world.client.cookie();
    assert_eq!(world.client.post("/logout500").await.status, 500);
    world.client.set_cookie(cookie);
    assert_eq!(world.client.get("/read").await.text, "0 0 None", "logged out all the same");
    world.client.get("/visit").await;
    let cookie = world.client.cookie();
    assert_eq!(world.client.post("/destroy500").await.status, 502);
    world.client.set_cookie(cookie);
    assert_eq!(world.visits().await, "0");
}

#[tokio::test]
async fn the_policy_on_server_errors_is_a_setting() {
    let world = world(SessionsBuilder::commit_on_server_error);
    world.client.get("/visit500").await;
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn a_value_that_cannot_be_written_is_an_error_and_nothing_is_saved() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    assert_eq!(world.client.get("/odd").await.status, 500);
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn a_panicking_handler_commits_nothing() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    let client = world.client.clone();
    assert!(tokio::spawn(async move { client.get("/panic").await }).await.is_err());
    assert_eq!(world.visits().await, "1");
}

/// A request is dropped at its first, second, third … poll. The store holds the state before it or after it, never a
/// state between; and a commit that has begun is carried out.
#[tokio::test]
async fn a_cancelled_request_commits_all_or_nothing() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    let client = world.client.clone();
    world.store.reset_calls();
    let slow = tokio::spawn(async move { client.get("/slow").await });
    while world.store.calls().loads == 0 {
        tokio::task::yield_now().await;
    }
    slow.abort();
    assert!(slow.await.is_err());
    assert_eq!(world.visits().await, "1", "cancelled before its end");
    world.store.fail(session::testing::Fault::Delay(Duration::from_millis(20)));
    let client = world.client.clone();
    let before = world.store.calls().commits;
    let leaving = tokio::spawn(async move { client.get("/visit").await });
    while world.store.calls().commits == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    leaving.abort();
    assert!(leaving.await.is_err());
    world.store.heal();
    for _ in 0..200 {
        if world.visits().await == "2" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the commit had begun, and was dropped with the client");
}

/// A handle that was changed before a logout and is dropped after it keeps only the fields that survive a logout.
#[tokio::test]
async fn a_second_handle_does_not_undo_a_logout() {
    let world = world(|builder| builder);
    world.client.post("/login").await;
    world.client.post("/two-logout").await;
    assert_eq!(world.client.get("/read").await.text, "0 0 None");
    let cookie = world.client.cookie();
    world.client.get("/visit").await;
    assert_eq!(world.client.cookie(), cookie, "the record is nobody's: a write changes no privilege");
}

#[tokio::test]
async fn a_panic_in_a_side_task_does_not_undo_a_logout() {
    let world = world(|builder| builder);
    world.client.post("/login").await;
    let cookie = world.client.cookie();
    assert_eq!(world.client.post("/side").await.status, 200);
    world.client.set_cookie(cookie);
    assert_eq!(world.client.get("/read").await.text, "0 0 None");
}

/// Changes of a refused commit are committed once at the end; changes of a commit with unknown outcome are not
/// repeated.
#[tokio::test]
async fn a_failed_commit_does_not_count_twice() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    for (fault, calls, status, stored) in [(Fault::Before, 1, 200, "3"), (Fault::After, 3, 503, "4")] {
        let store = world.store.clone();
        store.reset_calls();
        let saboteur = tokio::spawn(async move {
            while store.calls().loads == 0 {
                tokio::task::yield_now().await;
            }
            store.fail_next(fault, calls);
        });
        world.store.fail(Fault::Delay(Duration::from_millis(30)));
        let answer = world.client.get("/stubborn").await;
        saboteur.await.unwrap();
        world.store.heal();
        assert_eq!((answer.status.as_u16(), &*world.visits().await), (status, stored), "{fault:?} {answer:?}");
    }
}
