use std::time::Duration;

use session::RedisStore;
use session::store::{RedisOptions, StoreError};
use session::testing::contract;
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::redis_groups::Guarded;
use session_tests::servers::{free_port, wait_until};
use session_tests::{patient, print_figure};

use super::load::Load;
use crate::faults::{assert_refused, recovered};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let guarded = Guarded::start();
    let report =
        contract(RedisStore::sentinel_with("shop", guarded.urls(), patient::redis()).await.unwrap()).await.unwrap();
    crate::contract::show("Redis Sentinel", &report);
    assert!(report.races() > 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_keep_everything() {
    let guarded = Guarded::start();
    crate::concurrency::two_processes_keep_everything(&format!("sentinel+{}", guarded.urls().join(","))).await;
}

#[tokio::test]
async fn wrong_names_and_credentials_are_named() {
    let guarded = Guarded::start();
    let unknown = RedisStore::sentinel("shoe", guarded.urls()).await.unwrap_err();
    assert!(matches!(&unknown, StoreError::Unavailable(cause) if cause.to_string().contains("shoe")), "{unknown:?}");
    let none: [&str; 0] = [];
    assert!(matches!(RedisStore::sentinel("shop", none).await, Err(StoreError::Misconfigured(_))));
    let with_user = RedisStore::sentinel("redis://ann:wrong@shop", guarded.urls()).await;
    let named = matches!(&with_user, Err(StoreError::Misconfigured(cause)) if cause.contains("credentials"));
    assert!(named, "the credentials are for the server: {with_user:?}");
    let absent = format!("redis://127.0.0.1:{}", free_port());
    let urls = [vec![absent], guarded.urls()].concat();
    RedisStore::sentinel("redis://shop/1", urls).await.expect("the next sentinel is asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_primary_undoes_no_logout() {
    let mut guarded = Guarded::start();
    let options = RedisOptions::new().replicated(1, Duration::from_millis(500));
    let store = RedisStore::sentinel_with("shop", guarded.urls(), options).await.unwrap();
    let load = Load::start(&app(store));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let old = guarded.primary();
    guarded.servers[0].stop();
    wait_until("a replica is promoted", || guarded.primary() != old);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let account = load.end().await;
    println!("primary killed: {account:?}");
    assert!(account.refused > 0, "the failover has failed some requests: {account:?}");
    assert!(account.silence < Duration::from_secs(10), "{account:?}");
    assert_eq!(account.undone, 0, "{account:?}");
    print_figure("primary killed, Sentinel", &account);
}

/// A primary that hangs is replaced. When it resumes, it still accepts writes, which are lost. The store sends it none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resumed_old_primary_gets_no_writes() {
    let guarded = Guarded::start();
    let client = Client::new(app(RedisStore::sentinel("shop", guarded.urls()).await.unwrap()));
    client.get("/visit").await;
    guarded.servers[0].run::<u64>("WAIT 2 5000");
    let old = guarded.primary();
    guarded.servers[0].signal("STOP");
    wait_until("a replica is promoted", || guarded.primary() != old);
    guarded.servers[0].signal("CONT");
    // The store sent nothing meanwhile, so no error has told it of the failover.
    recovered(&client).await;
    for visits in 2..50 {
        assert_eq!(client.get("/visit").await.status, 200);
        assert_eq!(client.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
    }
    wait_until("the old primary is a replica", || {
        // The sentinels close the server's connections when they make it a replica.
        let info = guarded.servers[0].try_run_bytes::<String>(&[b"INFO", b"replication"]);
        info.is_ok_and(|info| info.contains("role:slave"))
    });
    assert_eq!(client.get("/show").await.text, "nobody 49 0 0 0 0", "nothing was written to it");
}

/// A store that uses the old primary directly confirms no logout, if `replicated` names all replicas: one of them is
/// the new primary, though another may still follow the old one.
#[tokio::test]
async fn a_resumed_old_primary_confirms_no_logout() {
    let guarded = Guarded::start();
    let (first, old) = (&guarded.servers[0], guarded.primary());
    let options = RedisOptions::new().replicated(2, Duration::from_millis(200));
    let client = Client::new(app(RedisStore::connect_with(&first.url(), options).await.unwrap()));
    assert_eq!(client.post("/login/7").await.status, 200);
    first.signal("STOP");
    wait_until("a replica is promoted", || guarded.primary() != old);
    first.signal("CONT");
    assert_refused(&client.post("/destroy").await);
}

#[tokio::test]
async fn lost_sentinels_end_no_session() {
    let mut guarded = Guarded::start();
    let client = Client::new(app(RedisStore::sentinel("shop", guarded.urls()).await.unwrap()));
    for _ in 0..2 {
        guarded.stop_sentinel();
        assert_eq!(client.get("/visit").await.status, 200);
    }
    assert_eq!(client.get("/show").await.text, "nobody 2 0 0 0 0");
}
