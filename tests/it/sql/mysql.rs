use std::time::Duration;

use session::MySqlStore;
use session::store::{SqlOptions, StoreError};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::databases::Database;
use session_tests::patient;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, MySqlPool};

use super::{
    assert_no_table, concurrent_constructors_succeed, keeps_the_contract, sweepers_share_the_work,
    wrong_clocks_end_no_session,
};
use crate::concurrency::{everything_is_kept, lifecycle_wins, two_processes_keep_everything};
use crate::faults::{assert_refused, everything_is_refused, recovered};

async fn run(database: &Database, script: &str) {
    let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
}

/// A store whose table is created if it does not exist.
async fn open(database: &Database) -> MySqlStore {
    MySqlStore::connect_with(&database.url(), SqlOptions::new().create_table(true)).await.unwrap()
}

async fn visited() -> (Database, Client) {
    visited_with(SqlOptions::new().create_table(true).deadline(Duration::from_millis(300))).await
}

async fn visited_with(options: SqlOptions) -> (Database, Client) {
    let database = Database::mariadb();
    let client = Client::new(app(MySqlStore::connect_with(&database.url(), options).await.unwrap()));
    for _ in 0..3 {
        client.get("/visit").await;
    }
    (database, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let database = Database::mariadb();
    keeps_the_contract(MySqlStore::connect_with(&database.url(), patient::sql()).await.unwrap(), "mariadb").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_everything() {
    let database = Database::mariadb();
    everything_is_kept(app(MySqlStore::connect_with(&database.url(), patient::sql()).await.unwrap()), "mariadb").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_on_one_database_keep_everything() {
    let database = Database::mariadb();
    two_processes_keep_everything(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_on_mariadb() {
    let database = Database::mariadb();
    lifecycle_wins(app(MySqlStore::connect_with(&database.url(), patient::sql()).await.unwrap()), "mariadb").await;
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
    let mut database = Database::mariadb_absent();
    assert!(matches!(MySqlStore::connect(&database.url()).await, Err(StoreError::Unavailable(_))));
    let pool = MySqlPool::connect_lazy(&database.url()).unwrap();
    let client = Client::new(app(MySqlStore::from_pool_lazy(pool, SqlOptions::new()).unwrap()));
    assert_refused(&client.get("/visit").await);
    database.restart();
    run(&database, MySqlStore::schema()).await;
    recovered(&client).await;
    assert_eq!(client.get("/visit").await.status, 200);
}

#[tokio::test]
async fn a_read_only_server() {
    let (database, client) = visited().await;
    // Root can write to a read-only server.
    run(&database, "CREATE USER ann; GRANT ALL ON mysql.sessions TO ann; SET GLOBAL read_only = 1").await;
    let pool = MySqlPool::connect_lazy(&database.url_of("ann", "")).unwrap();
    let client = client.at(app(MySqlStore::from_pool_lazy(pool, SqlOptions::new()).unwrap()));
    for path in ["/visit", "/update"] {
        assert_refused(&client.get(path).await);
    }
    assert_refused(&client.post("/destroy").await);
    assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0", "reading goes on");
    let error = MySqlStore::connect(&database.url_of("ann", "")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("accepts no writes")), "{error}");
    run(&database, "SET GLOBAL read_only = 0").await;
    assert_eq!(client.get("/visit").await.status, 200);
}

/// While another transaction locks the row, a write fails within the deadline, and other sessions are served.
#[tokio::test]
async fn a_locked_row_is_waited_for_until_the_deadline() {
    let (database, client) = visited().await;
    let neighbour = Client::new(app(MySqlStore::connect(&database.url()).await.unwrap()));
    neighbour.get("/visit").await;
    let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
    let mut holding = connection.begin().await.unwrap();
    let hold = "SELECT 1 FROM sessions WHERE handle = (SELECT handle FROM sessions WHERE revision > 1) FOR UPDATE";
    sqlx::query(hold).fetch_all(&mut *holding).await.unwrap();
    assert_refused(&client.get("/visit").await);
    assert_eq!(neighbour.get("/visit").await.status, 200);
    assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0");
    holding.rollback().await.unwrap();
    client.get("/visit").await;
    let shown = client.get("/show").await.text;
    assert!(
        shown == "nobody 4 0 0 0 0" || shown == "nobody 5 0 0 0 0",
        "a refused write is applied once or not at all: {shown}"
    );
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let (database, client) = visited_with(patient::sql()).await;
    for _ in 0..5 {
        let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
        let others = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'";
        let others: Vec<i64> = sqlx::query_scalar(others).fetch_all(&mut connection).await.unwrap();
        for other in others {
            // The connection of an earlier statement may close by itself before this.
            let _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL {other}"))).execute(&mut connection).await;
        }
        assert_eq!(client.get("/show").await.text, "nobody 3 0 0 0 0");
    }
}

#[tokio::test]
async fn a_wrong_setting_or_permission_is_named_at_the_start() {
    let database = Database::mariadb();
    open(&database).await;
    for named in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
        let others: Vec<_> = ["SELECT", "INSERT", "UPDATE", "DELETE"].into_iter().filter(|one| *one != named).collect();
        run(&database, &format!("CREATE USER ann; GRANT {} ON mysql.sessions TO ann", others.join(", "))).await;
        let error = MySqlStore::connect(&database.url_of("ann", "")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{named}: {error}");
        run(&database, "DROP USER ann").await;
    }
    run(&database, "CREATE USER ann; GRANT SELECT ON mysql.sessions TO ann").await;
    let other = SqlOptions::new().table("other").create_table(true);
    let error = MySqlStore::connect_with(&database.url_of("ann", ""), other).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(_)), "{error}");
    let error = MySqlStore::connect(&database.url_of("nobody", "wrong")).await.unwrap_err();
    assert!(matches!(error, StoreError::Misconfigured(_)), "{error}");
    run(&database, "SET GLOBAL max_allowed_packet = 1048576").await;
    let error = MySqlStore::connect(&database.url()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("max_allowed_packet")), "{error}");
    run(&database, "SET GLOBAL max_allowed_packet = 16777216, GLOBAL autocommit = 0").await;
    let pool = MySqlPool::connect(&database.url()).await.unwrap();
    let error = MySqlStore::from_pool(pool).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("autocommit")), "{error}");
    MySqlStore::connect(&database.url()).await.expect("`connect` turns autocommit on");
}

#[tokio::test]
async fn deadlines_follow_the_servers_clock() {
    let database = Database::mariadb();
    let stores = [open(&database).await, open(&database).await, open(&database).await];
    wrong_clocks_end_no_session(stores).await;
}

/// The statement that finds expired rows uses the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeping() {
    let database = Database::mariadb();
    let store = open(&database).await;
    let rows = "INSERT INTO sessions SELECT UNHEX(MD5(seq)), 1, 1, seq, NULL, '' FROM seq_1_to_20000; \
                ANALYZE TABLE sessions";
    run(&database, rows).await;
    let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
    let explain = "EXPLAIN SELECT handle FROM sessions WHERE expires <= 10000 ORDER BY expires LIMIT 100";
    let plan = sqlx::query(explain).fetch_one(&mut connection).await.unwrap();
    assert_eq!(sqlx::Row::get::<Option<String>, _>(&plan, "key").as_deref(), Some("sessions_expires"));
    sweepers_share_the_work(store, 20_000).await;
}

/// The store sends `CREATE TABLE` only if it is asked to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_table_is_created_on_request_only() {
    let database = Database::mariadb();
    let pool = MySqlPool::connect(&database.url()).await.unwrap();
    assert_no_table(MySqlStore::connect(&database.url()).await);
    assert_no_table(MySqlStore::from_pool(pool.clone()).await);
    let shop = || SqlOptions::new().table("shop_sessions");
    let store = MySqlStore::from_pool_lazy(pool, shop()).unwrap();
    assert_no_table(store.probe().await);
    store.migrate().await.unwrap();
    store.migrate().await.expect("an existing table is accepted");
    MySqlStore::connect_with(&database.url(), shop()).await.unwrap();
    assert_no_table(MySqlStore::connect(&database.url()).await);
    let url = database.url();
    concurrent_constructors_succeed(|| {
        let url = url.clone();
        async move { MySqlStore::connect_with(&url, SqlOptions::new().create_table(true)).await }
    })
    .await;
    MySqlStore::connect(&database.url()).await.unwrap();
}
