//! The end of a session in a sealed cookie: with notes in a store, every copy of the cookie ends too.

use axum::Router;
use http::StatusCode;
use session::testing::{FailingStore, Fault, ManualClock};
use session::{CookiePolicy, KeyRing, MemoryStore, SealedCookie, Sessions};
use session_tests::client::Client;
use std::time::Duration;

use super::{NO_SESSION, Setup, app, read, ring, routes, value};

type List = FailingStore<MemoryStore>;

fn world() -> (Client, Router, List, ManualClock) {
    let (list, clock) = (FailingStore::new(MemoryStore::new()), ManualClock::new());
    let store = SealedCookie::new(ring()).revoked_in(list.clone());
    let app = Setup { clock: clock.clone(), ..Setup::new(store) }.app();
    (Client::new(app.clone()), app, list, clock)
}

/// Documented: without notes, a copy of the cookie is valid until its deadline.
#[tokio::test]
async fn without_notes_a_copy_stays_valid() {
    let keys = ring();
    let client = super::client(&keys);
    client.post("/login/7").await;
    let copy = value(&client);
    client.post("/logout").await;
    assert_eq!(client.cookie(), None);
    assert_eq!(read(&app(&keys), &copy).await.text, "Some(7) 0 0 ");
}

#[tokio::test]
async fn with_notes_every_copy_ends() {
    for (path, after) in
        [("/logout", NO_SESSION), ("/destroy", NO_SESSION), ("/login/8", "Some(8) 0 0 "), ("/rotate", "Some(7) 0 0 ")]
    {
        let (client, app, _, clock) = world();
        client.post("/login/7").await;
        let copy = value(&client);
        assert_eq!(client.post(path).await.status, StatusCode::OK);
        assert_eq!(read(&app, &copy).await.text, NO_SESSION, "{path}");
        assert_eq!(client.get("/read").await.text, after, "{path}");
        // Until the absolute deadline of the session.
        for _ in 0..25 {
            clock.advance(Duration::from_mins(29));
            assert_eq!(read(&app, &copy).await.text, NO_SESSION, "{path}");
        }
    }
}

#[tokio::test]
async fn a_request_in_flight_during_a_login_creates_no_session() {
    let (client, app, _, clock) = world();
    client.get("/visit").await;
    let early = Client::new(app);
    early.set_cookie(client.cookie());
    client.post("/login/7").await;
    let late = early.get("/visit").await;
    assert_eq!((late.status, late.set_cookie()), (StatusCode::CONFLICT, None), "its cookie would undo the login");
    clock.advance(Duration::from_secs(31));
    assert_eq!(early.get("/visit").await.number(), 1, "later the cookie is ignored");
}

#[tokio::test]
async fn one_of_two_logins_wins() {
    let (client, app, _, _) = world();
    client.get("/visit").await;
    let other = Client::new(app);
    other.set_cookie(client.cookie());
    let (one, two) = tokio::join!(client.post("/login/7"), other.post("/login/8"));
    let won = [&one, &two].into_iter().filter(|answer| answer.set_cookie().is_some()).count();
    // The second one may have found the note when it loaded; then it starts a new session.
    assert!(won >= 1);
    for answer in [one, two] {
        let refused = answer.status == StatusCode::CONFLICT && answer.set_cookie().is_none();
        assert!(answer.status == StatusCode::OK || refused, "{answer:?}");
    }
}

#[tokio::test]
async fn the_number_of_store_calls() {
    let (client, _, list, _) = world();
    client.get("/visit").await;
    assert_eq!(list.calls().total(), 0, "a new session makes no store call");
    for (path, loads, creates) in [("/read", 1, 0), ("/visit", 2, 0)] {
        list.reset_calls();
        client.get(path).await;
        let calls = list.calls();
        assert_eq!((calls.loads, calls.creates, calls.total()), (loads, creates, loads + creates), "{path}");
    }
    for path in ["/rotate", "/login/7", "/destroy"] {
        list.reset_calls();
        client.post(path).await;
        let calls = list.calls();
        assert_eq!((calls.loads, calls.creates, calls.total()), (1, 1, 2), "{path}");
    }
}

#[tokio::test]
async fn while_the_store_of_notes_is_down_requests_fail() {
    let (client, app, list, _) = world();
    client.post("/login/7").await;
    let copy = value(&client);
    list.fail(Fault::Before);
    for (path, post) in [("/read", false), ("/visit", false), ("/logout", true), ("/destroy", true)] {
        let answer = if post { client.post(path).await } else { client.get(path).await };
        assert_eq!((answer.status, answer.set_cookie()), (StatusCode::SERVICE_UNAVAILABLE, None), "{path}");
    }
    list.heal();
    assert_eq!(read(&app, &copy).await.text, "Some(7) 0 0 ");
}

/// An app with its own absolute timeout.
fn app_with(absolute: Duration, keys: &KeyRing, list: &List, clock: &ManualClock) -> Router {
    let store = SealedCookie::new(keys.clone()).revoked_in(list.clone());
    let builder = Sessions::<super::Shop>::builder().store(store).clock(clock.clone());
    routes(&builder.cookie(CookiePolicy::host("sid")).absolute(absolute).build().unwrap())
}

/// A note lasts as long as the cookie that it ends, not as long as the timeout of the server that writes it.
#[tokio::test]
async fn a_note_of_an_old_server_lasts_as_long_as_the_cookie_of_a_new_one() {
    for path in ["/logout", "/destroy", "/login/8", "/rotate"] {
        let (keys, list, clock) = (ring(), FailingStore::new(MemoryStore::new()), ManualClock::new());
        let [old, new] = [12, 24].map(|hours| app_with(Duration::from_hours(hours), &keys, &list, &clock));
        let client = Client::new(new.clone());
        client.post("/login/7").await;
        // Copies from all through the session: touched by both servers.
        let mut copies = vec![value(&client)];
        for app in [&old, &new, &old] {
            clock.advance(Duration::from_mins(20));
            client.at(app.clone()).get("/read").await;
            copies.push(value(&client));
        }
        let last = value(&client);
        assert_eq!(client.at(old.clone()).post(path).await.status, StatusCode::OK);
        // A client that keeps its copy alive, at a server that does not ask the list.
        let unlisted = Setup { clock: clock.clone(), ..Setup::new(SealedCookie::new(keys.clone())) };
        let thief = Client::new(routes_for_a_day(unlisted, &keys));
        thief.set_cookie(Some(format!("__Host-sid={last}")));
        for minutes in (60..23 * 60 + 59).step_by(20) {
            clock.advance(Duration::from_mins(20));
            thief.get("/read").await;
            copies.push(value(&thief));
            for copy in copies.iter().rev().take(3) {
                assert_eq!(read(&new, copy).await.text, NO_SESSION, "{path} after {minutes} minutes");
            }
        }
    }
}

/// The same routes without a list, for sessions of a day.
fn routes_for_a_day(setup: Setup, keys: &KeyRing) -> Router {
    let builder = Sessions::<super::Shop>::builder().store(SealedCookie::new(keys.clone())).clock(setup.clock);
    routes(&builder.cookie(setup.cookie).absolute(Duration::from_hours(24)).build().unwrap())
}

/// A cookie that a server with a shorter timeout touches keeps its own deadline.
#[tokio::test]
async fn a_touch_by_an_old_server_does_not_shorten_a_session() {
    let (keys, list, clock) = (ring(), FailingStore::new(MemoryStore::new()), ManualClock::new());
    let [old, new] = [1, 24].map(|hours| app_with(Duration::from_hours(hours), &keys, &list, &clock));
    let client = Client::new(new.clone());
    client.post("/login/7").await;
    for app in [&old, &new, &old, &new] {
        clock.advance(Duration::from_mins(14));
        assert_eq!(client.at(app.clone()).get("/read").await.text, "Some(7) 0 0 ");
    }
    clock.advance(Duration::from_mins(14));
    assert_eq!(client.at(old).get("/read").await.text, NO_SESSION, "an hour at the old server");
    assert_eq!(client.at(new).get("/read").await.text, "Some(7) 0 0 ");
}

/// A request that was loaded before a logout ends after it, when its idle deadline is due: it must not set the cookie.
#[tokio::test(start_paused = true)]
async fn a_touch_after_a_logout_sets_no_cookie() {
    for path in ["/logout", "/destroy", "/login/8", "/rotate"] {
        let (client, app, _, clock) = world();
        client.post("/login/7").await;
        clock.advance(Duration::from_mins(20));
        let slow = Client::new(app.clone());
        slow.set_cookie(client.cookie());
        let (touched, ended) = tokio::join!(slow.get("/slow"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.post(path).await
        });
        assert_eq!(ended.status, StatusCode::OK, "{path}");
        assert_eq!((touched.status, touched.set_cookie()), (StatusCode::OK, None), "{path}");
    }
    let (client, _, list, clock) = world();
    client.post("/login/7").await;
    clock.advance(Duration::from_mins(20));
    list.reset_calls();
    assert!(client.get("/read").await.set_cookie().is_some());
    assert_eq!((list.calls().loads, list.calls().total()), (2, 2), "a touch asks the list");
}
