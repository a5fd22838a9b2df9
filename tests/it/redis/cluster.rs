use std::time::Duration;

use session::RedisStore;
use session::store::{RedisOptions, StoreError};
use session::testing::contract;
use session_tests::counter::app;
use session_tests::redis_groups::Cluster;
use session_tests::servers::free_port;
use session_tests::{patient, print_figure};

use super::load::Load;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let cluster = Cluster::start();
    // One node is enough: it names the others.
    let store = RedisStore::cluster_with(&cluster.urls()[..1], patient::redis()).await.unwrap();
    let report = contract(store).await.unwrap();
    crate::contract::show("Redis Cluster", &report);
    assert!(report.races() > 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_everything() {
    let cluster = Cluster::start();
    let store = RedisStore::cluster_with(cluster.urls(), patient::redis()).await.unwrap();
    crate::concurrency::everything_is_kept(app(store), "cluster").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_keep_everything() {
    let cluster = Cluster::start();
    crate::concurrency::two_processes_keep_everything(&format!("cluster+{}", cluster.urls().join(","))).await;
}

#[tokio::test]
async fn no_reachable_node() {
    let url = format!("redis://127.0.0.1:{}", free_port());
    let error = RedisStore::cluster([url]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    let none: [&str; 0] = [];
    assert!(matches!(RedisStore::cluster(none).await, Err(StoreError::Misconfigured(_))));
}

/// The connection handles MOVED, ASK and TRYAGAIN: no request fails while slots move.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moving_slots_fails_no_request() {
    let cluster = Cluster::start();
    let store = RedisStore::cluster_with(cluster.urls(), patient::redis()).await.unwrap();
    let load = Load::start(&app(store));
    let words = ["--cluster-from", &cluster.id(0), "--cluster-to", &cluster.id(1), "--cluster-slots", "1000"];
    let mut command = vec!["reshard".to_owned(), format!("127.0.0.1:{}", cluster.nodes[0].port())];
    command.extend(words.map(Into::into));
    command.push("--cluster-yes".to_owned());
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.manage(&command);
        cluster
    });
    let cluster = cluster.await.unwrap();
    let account = load.end().await;
    println!("1,000 slots moved: {account:?}");
    assert_eq!((account.refused, account.wrong, account.undone), (0, 0, 0), "{account:?}");
    assert!(account.answered > 100, "{account:?}");
    print_figure("slots moved", &account);
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_node_undoes_no_logout() {
    let mut cluster = Cluster::start();
    let options = RedisOptions::new().replicated(1, Duration::from_millis(500));
    let store = RedisStore::cluster_with(cluster.urls(), options).await.unwrap();
    let load = Load::start(&app(store));
    tokio::time::sleep(Duration::from_millis(500)).await;
    cluster.nodes[0].stop();
    session_tests::servers::wait_until("a replica takes over", || (3..6).any(|node| cluster.is_primary(node)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let account = load.end().await;
    println!("a node killed: {account:?}");
    assert!(account.refused > 0, "the failover has failed some requests: {account:?}");
    assert!(account.silence < Duration::from_secs(10), "{account:?}");
    assert_eq!(account.undone, 0, "{account:?}");
    print_figure("primary killed, Cluster", &account);
}
