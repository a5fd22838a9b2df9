use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use session::SqliteStore;
use session::store::{SqlOptions, Store as _, StoreError};
use session::testing::Contract;
use session::{SessionId, Timestamp};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::patient;
use session_tests::servers::TempDir;
use sqlx::{Connection as _, SqliteConnection};

use super::{assert_no_table, check, concurrent_constructors_succeed, sweepers_share_the_work};
use crate::concurrency::{everything_is_kept, lifecycle_wins, two_processes_keep_everything};
use crate::contract::MANY;
use crate::faults::{assert_refused, recovered};

fn url(dir: &TempDir) -> String {
    format!("sqlite://{}", file(dir).display())
}

fn file(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("sessions.db")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let dir = TempDir::in_memory("sqlite");
    check(Contract::new(SqliteStore::connect_with(&url(&dir), patient::sql()).await.unwrap()).rounds(MANY), "sqlite")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_everything() {
    let dir = TempDir::new("sqlite");
    everything_is_kept(app(SqliteStore::connect_with(&url(&dir), patient::sql()).await.unwrap()), "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_on_one_file_keep_everything() {
    let dir = TempDir::new("sqlite");
    two_processes_keep_everything(&url(&dir)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_on_sqlite() {
    let dir = TempDir::new("sqlite");
    lifecycle_wins(app(SqliteStore::connect_with(&url(&dir), patient::sql()).await.unwrap()), "sqlite").await;
}

#[tokio::test]
async fn sessions_survive_the_process_in_a_file_that_only_its_owner_can_read() {
    let dir = TempDir::new("sqlite");
    let before = Client::new(app(SqliteStore::connect(&url(&dir)).await.unwrap()));
    before.get("/visit").await;
    let after = before.at(app(SqliteStore::connect(&url(&dir)).await.unwrap()));
    after.get("/visit").await;
    assert_eq!(after.get("/show").await.text, "nobody 2 0 0 0 0");
    for file in ["sessions.db", "sessions.db-wal", "sessions.db-shm"] {
        let mode = std::fs::metadata(dir.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// While another process holds the write lock, reads succeed and writes fail within the deadline; afterwards both
/// succeed.
#[tokio::test]
async fn a_locked_file() {
    let dir = TempDir::new("sqlite");
    let options = SqlOptions::new().deadline(Duration::from_millis(100));
    let client = Client::new(app(SqliteStore::connect_with(&url(&dir), options).await.unwrap()));
    client.get("/visit").await;
    let mut other = SqliteConnection::connect(&url(&dir)).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    assert_refused(&client.get("/visit").await);
    assert_refused(&client.post("/destroy").await);
    assert_eq!(client.get("/show").await.text, "nobody 1 0 0 0 0", "reads work");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(client.get("/visit").await.status, 200);
    assert_eq!(recovered(&client).await.text, "nobody 2 0 0 0 0");
}

#[tokio::test]
async fn a_file_that_is_not_a_database() {
    let dir = TempDir::new("sqlite");
    std::fs::write(file(&dir), [7; 4096]).unwrap();
    let error = SqliteStore::connect(&url(&dir)).await.unwrap_err();
    assert!(!matches!(error, StoreError::Corrupt(_)), "{error}");
    let pool = sqlx::SqlitePool::connect_lazy(&url(&dir)).unwrap();
    let store = SqliteStore::from_pool_lazy(pool, SqlOptions::new()).unwrap();
    assert_refused(&Client::new(app(store)).get("/visit").await);
    assert_eq!(std::fs::read(file(&dir)).unwrap(), [7; 4096], "left as it was");
}

#[tokio::test]
async fn a_wrong_setting_is_named_at_the_start() {
    let dir = TempDir::new("sqlite");
    SqliteStore::connect(&url(&dir)).await.unwrap();
    let read_only = format!("{}?mode=ro", url(&dir));
    let missing = format!("sqlite://{}", dir.path().join("no/such/folder.db").display());
    for (url, named) in [
        (&*read_only, "readonly"),
        (&missing, "folder.db"),
        ("sqlite::memory:", "MemoryStore"),
        ("sqlite:x?mode=memory", "MemoryStore"),
        ("sqlite:x?nonsense=1", "nonsense"),
    ] {
        let error = SqliteStore::connect(url).await.unwrap_err();
        assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{url}: {error}");
    }
    let mut other = SqliteConnection::connect(&url(&dir)).await.unwrap();
    sqlx::query("CREATE TABLE other (handle BLOB PRIMARY KEY, epoch INTEGER)").execute(&mut other).await.unwrap();
    let error = SqliteStore::connect_with(&url(&dir), SqlOptions::new().table("other")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("revision")), "{error}");
}

#[tokio::test]
async fn an_invalid_row_is_corrupt_and_stays_unchanged() {
    let dir = TempDir::new("sqlite");
    let store = SqliteStore::connect(&url(&dir)).await.unwrap();
    let client = Client::new(app(store.clone()));
    client.get("/visit").await;
    let mut other = SqliteConnection::connect(&url(&dir)).await.unwrap();
    let handle: Vec<u8> = sqlx::query_scalar("SELECT handle FROM sessions").fetch_one(&mut other).await.unwrap();
    let id = SessionId::from_bytes(handle.try_into().unwrap());
    for change in ["data = x'00ff'", "data = zeroblob(300)", "data = x''", "revision = revision + 7", "expires = -1"] {
        let mut change_it = other.begin().await.unwrap();
        let update = sqlx::AssertSqlSafe(format!("UPDATE sessions SET {change}"));
        sqlx::query(update).execute(&mut *change_it).await.unwrap();
        change_it.commit().await.unwrap();
        let loaded = store.load(id, Timestamp::from_millis(0)).await;
        assert!(matches!(loaded, Err(StoreError::Corrupt(_))), "{change}: {loaded:?}");
        let visitor = client.at(app(store.clone()));
        let (cookie, before) = (client.cookie(), row(&mut other).await);
        assert_eq!(visitor.get("/visit").await.status, 200, "{change}: a new session");
        client.set_cookie(cookie);
        assert_eq!(row(&mut other).await, before, "{change}: never overwritten");
    }
}

/// The first row.
async fn row(connection: &mut SqliteConnection) -> (i64, i64, Vec<u8>) {
    let first = "SELECT revision, expires, data FROM sessions ORDER BY rowid LIMIT 1";
    sqlx::query_as(first).fetch_one(connection).await.unwrap()
}

/// The statement that finds expired rows uses the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeping() {
    let dir = TempDir::new("sqlite");
    let store = SqliteStore::connect(&url(&dir)).await.unwrap();
    let mut other = SqliteConnection::connect(&url(&dir)).await.unwrap();
    let rows = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000) \
                INSERT INTO sessions SELECT randomblob(16), 1, 1, n, NULL, '' FROM numbers";
    let rows = rows.replace("''", "x''");
    sqlx::query(sqlx::AssertSqlSafe(rows)).execute(&mut other).await.unwrap();
    let explain = "EXPLAIN QUERY PLAN SELECT handle FROM sessions WHERE expires <= 10000 ORDER BY expires LIMIT 100";
    let plan = sqlx::query(explain).fetch_one(&mut other).await.unwrap();
    assert!(sqlx::Row::get::<String, _>(&plan, "detail").contains("sessions_expires"));
    sweepers_share_the_work(store, 20_000).await;
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused() {
    let dir = TempDir::new("sqlite");
    let options = SqlOptions::new().max_bytes(1024);
    let client = Client::new(app(SqliteStore::connect_with(&url(&dir), options).await.unwrap()));
    let mut status = 200;
    for number in 0..500 {
        status = client.get(&format!("/set/{number}")).await.status.as_u16();
        if status != 200 {
            break;
        }
    }
    assert_eq!(status, 500);
    assert_eq!(client.get("/show").await.status, 200);
}

/// By default the file and the table are created; with `create_table(false)`, neither is.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_table_is_created_unless_the_option_forbids_it() {
    let dir = TempDir::new("sqlite");
    let none = || SqlOptions::new().create_table(false);
    let error = SqliteStore::connect_with(&url(&dir), none()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains("unable to open")), "{error}");
    assert!(!file(&dir).exists());
    std::fs::write(file(&dir), []).unwrap();
    assert_no_table(SqliteStore::connect_with(&url(&dir), none()).await);
    let pool = sqlx::SqlitePool::connect(&url(&dir)).await.unwrap();
    let store = SqliteStore::from_pool_lazy(pool.clone(), none().table("shop_sessions")).unwrap();
    assert_no_table(store.probe().await);
    store.migrate().await.expect("an explicit call is not forbidden");
    SqliteStore::from_pool_with(pool, none().table("shop_sessions")).await.unwrap();
    let url = url(&dir);
    concurrent_constructors_succeed(|| {
        let url = url.clone();
        async move { SqliteStore::connect(&url).await }
    })
    .await;
    SqliteStore::connect_with(&url, none()).await.unwrap();
}
