//! Every store keeps the contract.

use session::testing::contract;
use session::{MemoryStore, RedisStore};
use session_tests::servers::Redis;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    let report = contract(MemoryStore::new()).await.unwrap();
    println!("memory: {report:?}");
    assert!(report.races() > 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    let report = contract(store).await.unwrap();
    println!("redis: {report:?}");
    assert!(report.races() > 4_000);
}
