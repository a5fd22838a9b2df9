//! The stores in SQL databases, each against the real thing.

mod mysql;
mod postgres;
mod sqlite;

use session::Store;
use session::testing::contract;

async fn keeps_the_contract(store: impl Store, name: &str) {
    let report = contract(store).await.unwrap();
    println!("{name}: {report:?}");
    assert!(report.races() > 4_000);
}
