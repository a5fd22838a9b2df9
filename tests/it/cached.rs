//! A cache in each process: the calls that it saves, and the changes that it must not hide.

use std::time::Duration;

use session::store::{Cached, CachedOptions, Compressed, Migrating};
use session::testing::{FailingStore, Fault, contract};
use session::{MemoryStore, RedisStore, Sessions};
use session_tests::client::Client;
use session_tests::counter::{Counter, app};
use session_tests::patient;
use session_tests::servers::Redis;
use tokio::time::{Instant, advance, sleep, timeout};

fn an_hour() -> CachedOptions {
    CachedOptions::new().staleness(Duration::from_hours(1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let memory = contract(Cached::with(MemoryStore::new(), an_hour())).await.unwrap();
    let redis = Redis::start();
    let store = RedisStore::connect_with(&redis.url(), patient::redis()).await.unwrap();
    let redis = contract(Cached::listening(store, an_hour()).await.unwrap()).await.unwrap();
    crate::contract::show("`Cached` over memory", &memory);
    crate::contract::show("`Cached` over Redis", &redis);
}

#[tokio::test]
async fn a_cached_read_makes_no_store_call_and_a_write_makes_one() {
    let store = FailingStore::new(MemoryStore::new());
    let client = Client::new(app(Cached::with(store.clone(), an_hour())));
    client.get("/visit").await;
    store.reset_calls();
    for visits in 1..10 {
        assert_eq!(client.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
        client.get("/visit").await;
    }
    assert_eq!((store.calls().commits, store.calls().total()), (9, 9));
}

/// Two processes, each with a cache, over one store.
fn two(options: CachedOptions) -> (FailingStore<MemoryStore>, Client, Client) {
    let store = FailingStore::new(MemoryStore::new());
    let here = Client::new(app(Cached::with(store.clone(), options)));
    let there = here.at(app(Cached::with(store.clone(), options)));
    (store, here, there)
}

#[tokio::test(start_paused = true)]
async fn changes_of_other_processes_are_seen_within_the_staleness() {
    let (_, here, there) = two(CachedOptions::new().staleness(Duration::from_secs(1)));
    here.post("/login/7").await;
    let cookie = here.cookie();
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    here.post("/destroy").await;
    there.set_cookie(cookie);
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0", "still cached: otherwise the test would test nothing");
    advance(Duration::from_millis(1001)).await;
    assert!(there.get("/show").await.text.starts_with("nobody"));
}

#[tokio::test]
async fn with_zero_staleness_every_read_asks_the_store() {
    let (store, here, there) = two(CachedOptions::new().staleness(Duration::ZERO));
    here.get("/visit").await;
    for visits in 1..5 {
        assert_eq!(there.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
        here.get("/visit").await;
    }
    assert_eq!(store.calls().loads, 8);
}

/// The store refuses a write that is based on an old cached record, so the write does not undo what others wrote.
#[tokio::test]
async fn an_old_record_is_never_written_back() {
    let (_, here, there) = two(an_hour());
    for client in [&here, &there, &here, &there, &there, &here] {
        assert_eq!(client.get("/visit").await.status, 200);
    }
    assert_eq!(here.get("/show").await.text, "nobody 6 0 0 0 0");
    assert_eq!(there.get("/update").await.status, 200);
    assert_eq!(there.get("/show").await.text, "nobody 6 1 0 0 0");
}

/// In the second process the cached record is from before the login, and the cookie is from after it.
#[tokio::test]
async fn a_login_in_another_process_is_seen_at_once() {
    let (store, here, there) = two(an_hour());
    here.get("/visit").await;
    there.get("/show").await;
    here.post("/login/7").await;
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    store.reset_calls();
    there.get("/show").await;
    assert_eq!(store.calls().total(), 0, "the record is cached");
}

/// A wrapper passes `reload` on to the cache that it wraps.
#[tokio::test]
async fn a_login_in_another_process_is_seen_at_once_behind_wrappers_too() {
    let store = FailingStore::new(MemoryStore::new());
    let cached = || Cached::with(store.clone(), an_hour());
    let compressed = || app(Compressed::new(cached()).unwrap());
    let migrating = || app(Migrating::new(MemoryStore::new(), cached()));
    for [here, there] in [[compressed(), compressed()], [migrating(), migrating()]] {
        let here = Client::new(here);
        let there = here.at(there);
        here.get("/visit").await;
        there.get("/show").await;
        here.post("/login/7").await;
        assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    }
}

/// After a logout in another process, a write that is based on an old cached record does not restore the session.
#[tokio::test]
async fn a_logout_in_another_process_is_final() {
    let (store, here, there) = two(an_hour());
    here.post("/login/7").await;
    let cookie = here.cookie();
    there.get("/show").await;
    here.post("/destroy").await;
    there.set_cookie(cookie.clone());
    there.get("/visit").await;
    there.set_cookie(cookie);
    assert!(there.get("/show").await.text.starts_with("nobody"));
    assert!(store.inner().len() <= 1);
}

/// A revocation whose caller is cancelled still ends the sessions, and still removes them from the cache.
#[tokio::test(start_paused = true)]
async fn a_cancelled_revocation_is_completed() {
    let store = FailingStore::new(MemoryStore::new());
    let cached = Cached::with(store.clone(), an_hour());
    let client = Client::new(app(cached.clone()));
    client.post("/login/7").await;
    let sessions = Sessions::<Counter>::builder().store(cached).build().unwrap();
    store.fail(Fault::Delay(Duration::from_secs(5)));
    timeout(Duration::from_secs(1), sessions.revoke_user(&7)).await.unwrap_err();
    sleep(Duration::from_secs(5)).await;
    store.heal();
    assert!(client.get("/show").await.text.starts_with("nobody"));
}

/// Waits until the session shows a text that starts with `beginning`.
async fn until(client: &Client, beginning: &str) -> Duration {
    let begun = Instant::now();
    while !client.get("/show").await.text.starts_with(beginning) {
        assert!(begun.elapsed() < Duration::from_secs(10), "never {beginning:?}");
        sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn over_redis_processes_receive_each_others_invalidations() {
    let redis = Redis::start();
    let process = async || {
        let store = RedisStore::connect(&redis.url()).await.unwrap();
        app(Cached::listening(store, an_hour()).await.unwrap())
    };
    let here = Client::new(process().await);
    let there = here.at(process().await);
    here.get("/visit").await;
    assert_eq!(there.get("/show").await.text, "nobody 1 0 0 0 0");
    here.get("/visit").await;
    println!("a commit is seen after {:?}", until(&there, "nobody 2").await);
    here.post("/login/7").await;
    let cookie = here.cookie();
    until(&there, "7 0").await;
    here.post("/destroy").await;
    there.set_cookie(cookie);
    println!("a logout is seen after {:?}", until(&there, "nobody").await);
    here.set_cookie(None);
    here.get("/visit").await;
    until(&there, "nobody 1").await;
    for visits in 2..6 {
        // After a gap in the subscription, the cache drops all its records.
        redis.run::<u64>("CLIENT KILL TYPE pubsub");
        here.get("/visit").await;
        until(&there, &format!("nobody {visits}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_keep_everything() {
    let redis = Redis::start();
    crate::concurrency::two_processes_keep_everything(&format!("cached+{}", redis.url())).await;
}
