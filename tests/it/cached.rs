//! A cache in each process: what it saves, and what it must not hide.

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
async fn a_read_asks_nobody_and_a_write_once() {
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

/// Two processes with a cache each, over one store.
fn two(options: CachedOptions) -> (FailingStore<MemoryStore>, Client, Client) {
    let store = FailingStore::new(MemoryStore::new());
    let here = Client::new(app(Cached::with(store.clone(), options)));
    let there = here.at(app(Cached::with(store.clone(), options)));
    (store, here, there)
}

#[tokio::test(start_paused = true)]
async fn what_others_do_is_seen_in_the_stated_time() {
    let (_, here, there) = two(CachedOptions::new().staleness(Duration::from_secs(1)));
    here.post("/login/7").await;
    let cookie = here.cookie();
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    here.post("/destroy").await;
    there.set_cookie(cookie);
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0", "the test has tested something");
    advance(Duration::from_millis(1001)).await;
    assert!(there.get("/show").await.text.starts_with("nobody"));
}

#[tokio::test]
async fn without_staleness_the_store_is_asked_each_time() {
    let (store, here, there) = two(CachedOptions::new().staleness(Duration::ZERO));
    here.get("/visit").await;
    for visits in 1..5 {
        assert_eq!(there.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
        here.get("/visit").await;
    }
    assert_eq!(store.calls().loads, 8);
}

/// An old record in the cache is a base that the store refuses, not one that is written over what others wrote.
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

/// Over here the record is as it was before the login, and the cookie is the one that the login gave.
#[tokio::test]
async fn a_login_elsewhere_counts_at_once() {
    let (store, here, there) = two(an_hour());
    here.get("/visit").await;
    there.get("/show").await;
    here.post("/login/7").await;
    assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    store.reset_calls();
    there.get("/show").await;
    assert_eq!(store.calls().total(), 0, "and it is kept");
}

/// A wrapper asks past the cache behind it.
#[tokio::test]
async fn a_login_elsewhere_counts_at_once_behind_wrappers_too() {
    let store = FailingStore::new(MemoryStore::new());
    let layered = || Cached::with(store.clone(), an_hour());
    let compressed = || app(Compressed::new(layered()).unwrap());
    let moving = || app(Migrating::new(MemoryStore::new(), layered()));
    for [here, there] in [[compressed(), compressed()], [moving(), moving()]] {
        let here = Client::new(here);
        let there = here.at(there);
        here.get("/visit").await;
        there.get("/show").await;
        here.post("/login/7").await;
        assert_eq!(there.get("/show").await.text, "7 0 0 0 0 0");
    }
}

/// What a process with an old record writes after a logout elsewhere does not bring the session back.
#[tokio::test]
async fn a_logout_elsewhere_is_final() {
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

/// What was asked for is done, and the cache knows it, also if whoever asked has left.
#[tokio::test(start_paused = true)]
async fn a_revocation_that_nobody_waits_for_is_carried_through() {
    let store = FailingStore::new(MemoryStore::new());
    let layered = Cached::with(store.clone(), an_hour());
    let client = Client::new(app(layered.clone()));
    client.post("/login/7").await;
    let sessions = Sessions::<Counter>::builder().store(layered).build().unwrap();
    store.fail(Fault::Delay(Duration::from_secs(5)));
    timeout(Duration::from_secs(1), sessions.revoke_user(&7)).await.unwrap_err();
    sleep(Duration::from_secs(5)).await;
    store.heal();
    assert!(client.get("/show").await.text.starts_with("nobody"));
}

async fn until(client: &Client, beginning: &str) -> Duration {
    let begun = Instant::now();
    while !client.get("/show").await.text.starts_with(beginning) {
        assert!(begun.elapsed() < Duration::from_secs(10), "never {beginning:?}");
        sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn over_redis_processes_hear_of_each_other() {
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
    println!("a commit is heard after {:?}", until(&there, "nobody 2").await);
    here.post("/login/7").await;
    let cookie = here.cookie();
    until(&there, "7 0").await;
    here.post("/destroy").await;
    there.set_cookie(cookie);
    println!("a logout is heard after {:?}", until(&there, "nobody").await);
    here.set_cookie(None);
    here.get("/visit").await;
    until(&there, "nobody 1").await;
    for visits in 2..6 {
        // Whoever was not listening for a while forgets all it has.
        redis.run::<u64>("CLIENT KILL TYPE pubsub");
        here.get("/visit").await;
        until(&there, &format!("nobody {visits}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_keep_everything() {
    let redis = Redis::start();
    crate::concurrency::two_processes_keep_everything(&format!("layered+{}", redis.url())).await;
}
