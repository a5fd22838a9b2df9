use std::time::Duration;

use session::PostgresStore;
use session::store::{SqlOptions, StoreError};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::databases::Database;
use session_tests::patient;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{
    assert_no_table, concurrent_constructors_succeed, keeps_the_contract, sweepers_share_the_work,
    wrong_clocks_end_no_session,
};
use crate::concurrency::{everything_is_kept, lifecycle_wins, two_processes_keep_everything};
use crate::faults::{assert_refused, everything_is_refused, recovered};

async fn run(database: &Database, script: &str) {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
}

/// A store whose table is created if it does not exist.
async fn open(database: &Database) -> PostgresStore {
    PostgresStore::connect_with(&database.url(), SqlOptions::new().create_table(true)).await.unwrap()
}

async fn visited() -> (Database, Client) {
    visited_with(SqlOptions::new().create_table(true).deadline(Duration::from_millis(300))).await
}

async fn visited_with(options: SqlOptions) -> (Database, Client) {
    let database = Database::postgres();
    let client = Client::new(app(PostgresStore::connect_with(&database.url(), options).await.unwrap()));
    for _ in 0..3 {
        client.get("/visit").await;
    }
    (database, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let database = Database::postgres();
    keeps_the_contract(PostgresStore::connect_with(&database.url(), patient::sql()).await.unwrap(), "postgres").await;
}

/// Serializable transactions give the same results.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_with_serializable_transactions() {
    let database = Database::postgres();
    run(&database, "ALTER SYSTEM SET default_transaction_isolation = 'serializable'; ").await;
    run(&database, "SELECT pg_reload_conf()").await;
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let store = PostgresStore::from_pool_with(pool, patient::sql()).await.unwrap();
    keeps_the_contract(store, "postgres, serializable").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_everything() {
    let database = Database::postgres();
    everything_is_kept(app(PostgresStore::connect_with(&database.url(), patient::sql()).await.unwrap()), "postgres")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_on_one_database_keep_everything() {
    let database = Database::postgres();
    two_processes_keep_everything(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_on_postgres() {
    let database = Database::postgres();
    lifecycle_wins(app(PostgresStore::connect_with(&database.url(), patient::sql()).await.unwrap()), "postgres").await;
}

#[tokio::test]
async fn a_server_that_is_killed_and_restarted() {
    let (mut database, client) = visited().await;
    database.stop();
    everything_is_refused(&client).await;
    database.restart();
    assert_eq!(recovered(&client).await.text, "nobody 3 0 0 0 0", "the same session, nothing lost");
}

#[tokio::test]
async fn a_server_that_hangs() {
    let (database, client) = visited().await;
    database.signal("STOP");
    everything_is_refused(&client).await;
    database.signal("CONT");
    let answer = recovered(&client).await;
    assert!(answer.text.starts_with("nobody 3 ") || answer.text.starts_with("nobody 0 "), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_starts_after_the_store() {
    let mut database = Database::postgres_absent();
    assert!(matches!(PostgresStore::connect(&database.url()).await, Err(StoreError::Unavailable(_))));
    let pool = PgPool::connect_lazy(&database.url()).unwrap();
    let client = Client::new(app(PostgresStore::from_pool_lazy(pool, SqlOptions::new()).unwrap()));
    assert_refused(&client.get("/visit").await);
    database.restart();
    run(&database, PostgresStore::schema()).await;
    recovered(&client).await;
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn a_read_only_server() {
    let (database, client) = visited().await;
    run(&database, "ALTER SYSTEM SET default_transaction_read_only = on").await;
    run(&database, "SELECT pg_reload_conf()").await;
    while client.get("/visit").await.status == 200 {}
    for path in ["/visit", "/update"] {
        assert_refused(&client.get(path).await);
    }
    assert_refused(&client.post("/destroy").await);
    assert_eq!(client.get("/show").await.status, 200, "reading goes on");
    let error = PostgresStore::connect(&database.url()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("accepts no writes")), "{error}");
}

/// While another transaction locks the row, a write fails within the deadline, and other sessions are served.
#[tokio::test]
async fn a_locked_row_is_waited_for_until_the_deadline() {
    let (database, client) = visited().await;
    let other = client.at(app(PostgresStore::connect(&database.url()).await.unwrap()));
    let neighbour = Client::new(app(PostgresStore::connect(&database.url()).await.unwrap()));
    neighbour.get("/visit").await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let mut holding = connection.begin().await.unwrap();
    let hold = "SELECT 1 FROM sessions WHERE revision > 1 FOR UPDATE";
    sqlx::query(hold).fetch_all(&mut *holding).await.unwrap();
    assert_refused(&client.get("/visit").await);
    assert_eq!(neighbour.get("/visit").await.status, 200);
    assert_eq!(other.get("/show").await.text, "nobody 3 0 0 0 0");
    holding.rollback().await.unwrap();
    client.get("/visit").await;
    assert_eq!(client.get("/show").await.text, "nobody 4 0 0 0 0", "a refused write was not applied");
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let (database, client) = visited_with(patient::sql()).await;
    for _ in 0..5 {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        run(&database, others).await;
        assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_at_the_start() {
    let database = Database::postgres();
    open(&database).await;
    for named in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
        run(&database, "CREATE ROLE ann LOGIN; GRANT ALL ON sessions TO ann").await;
        run(&database, &format!("REVOKE {named} ON sessions FROM ann")).await;
        let error = PostgresStore::connect(&database.url_of("ann", "")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{named}: {error}");
        run(&database, "DROP OWNED BY ann; DROP ROLE ann").await;
    }
    run(&database, "CREATE ROLE ann LOGIN").await;
    let other = SqlOptions::new().table("other").create_table(true);
    let error = PostgresStore::connect_with(&database.url_of("ann", ""), other).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("CREATE TABLE")), "{error}");
    for url in ["postgres://unknown@", "http://", "postgres://ann@127.0.0.1:99999/x"] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Misconfigured(_) | StoreError::Unavailable(_)), "{url}: {error}");
    }
    let error = PostgresStore::connect(&database.url_of("nobody", "")).await.unwrap_err();
    assert!(matches!(error, StoreError::Misconfigured(_)), "{error}");
}

#[tokio::test]
async fn deadlines_follow_the_servers_clock() {
    let database = Database::postgres();
    let stores = [open(&database).await, open(&database).await, open(&database).await];
    wrong_clocks_end_no_session(stores).await;
}

/// The statement that finds expired rows uses the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeping() {
    let database = Database::postgres();
    let store = open(&database).await;
    let rows = "INSERT INTO sessions SELECT decode(md5(n::text), 'hex'), 1, 1, n, NULL, '' \
                FROM generate_series(1, 20000) n; ANALYZE sessions";
    run(&database, rows).await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let explain = "EXPLAIN SELECT handle FROM sessions WHERE expires <= 10000 ORDER BY expires LIMIT 100";
    let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut connection).await.unwrap();
    assert!(plan.concat().contains("sessions_expires"), "{plan:?}");
    sweepers_share_the_work(store, 20_000).await;
}

/// The store sends `CREATE TABLE` only if it is asked to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_table_is_created_on_request_only() {
    let database = Database::postgres();
    let pool = PgPool::connect(&database.url()).await.unwrap();
    assert_no_table(PostgresStore::connect(&database.url()).await);
    assert_no_table(PostgresStore::from_pool(pool.clone()).await);
    let shop = || SqlOptions::new().table("shop_sessions");
    let store = PostgresStore::from_pool_lazy(pool, shop()).unwrap();
    assert_no_table(store.probe().await);
    store.migrate().await.unwrap();
    store.migrate().await.expect("an existing table is accepted");
    PostgresStore::connect_with(&database.url(), shop()).await.unwrap();
    assert_no_table(PostgresStore::connect(&database.url()).await);
    let url = database.url();
    concurrent_constructors_succeed(|| {
        let url = url.clone();
        async move { PostgresStore::connect_with(&url, SqlOptions::new().create_table(true)).await }
    })
    .await;
    PostgresStore::connect(&database.url()).await.unwrap();
}
