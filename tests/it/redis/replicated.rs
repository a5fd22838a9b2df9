use std::time::Duration;

use session::RedisStore;
use session::store::{RedisOptions, StoreError};
use session::testing::contract;
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::redis_groups::replicated;

use crate::faults::assert_refused;

fn options() -> RedisOptions {
    RedisOptions::new().replicated(1, Duration::from_millis(200))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let servers = replicated(1);
    let options = RedisOptions::new().replicated(1, Duration::from_secs(5));
    let report = contract(RedisStore::connect_with(&servers[0].url(), options).await.unwrap()).await.unwrap();
    crate::contract::show("Redis with `replicated`", &report);
    assert!(report.races() > 4_000);
}

/// A change of privilege is not confirmed while too few replicas have it.
#[tokio::test]
async fn without_the_replica_no_logout_is_confirmed() {
    let servers = replicated(1);
    let app = app(RedisStore::connect_with(&servers[0].url(), options()).await.unwrap());
    let mut clients = Vec::new();
    for _ in 0..5 {
        let client = Client::new(app.clone());
        assert_eq!(client.post("/login/7").await.status, 200);
        clients.push(client);
    }
    servers[1].signal("STOP");
    assert_eq!(clients[4].get("/visit").await.status, 200, "other writes do not wait");
    for (client, path) in clients.iter().zip(["/rotate", "/login/8", "/logout", "/destroy"]) {
        assert_refused(&client.post(path).await);
    }
    servers[1].signal("CONT");
    assert_eq!(clients[4].post("/destroy").await.status, 200);
    assert!(clients[4].get("/show").await.text.starts_with("nobody"));
}

/// The loss that the setting prevents: a logout that only the crashed primary had.
#[tokio::test]
async fn a_confirmed_logout_survives_a_crash_of_the_primary() {
    let mut servers = replicated(1);
    let store = RedisStore::connect_with(&servers[0].url(), options()).await.unwrap();
    let client = Client::new(app(store));
    client.post("/login/7").await;
    let cookie = client.cookie();
    assert_eq!(client.post("/destroy").await.status, 200);
    servers[0].stop();
    servers[1].run::<String>("REPLICAOF NO ONE");
    let client = Client::new(app(RedisStore::connect(&servers[1].url()).await.unwrap()));
    client.set_cookie(cookie);
    assert!(client.get("/show").await.text.starts_with("nobody"));
}

#[tokio::test]
async fn bad_settings_are_named() {
    for (options, named) in [
        (RedisOptions::new().replicated(0, Duration::from_millis(100)), "replicated 0"),
        (RedisOptions::new().replicated(1, Duration::ZERO), "timeout"),
    ] {
        let error = RedisStore::connect_with("redis://127.0.0.1", options).await.unwrap_err();
        assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{error}");
    }
}
