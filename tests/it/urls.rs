//! Special characters in passwords and in names of tables.

use session::store::{SqlOptions, StoreError};
use session::{Clock as _, MySqlStore, PostgresStore, RedisStore, SessionId, Store, SystemClock};
use session_tests::databases::Database;
use session_tests::servers::Redis;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

/// Characters with a meaning in a URL or in a percent-encoding.
const PASSWORD: &str = "p@:/?#[]%25&=+ö";
const ENCODED: &str = "p%40%3A%2F%3F%23%5B%5D%2525%26%3D%2B%C3%B6";

async fn is_accepted(store: impl Store) {
    let now = SystemClock::default().now();
    assert!(store.load(SessionId::from_bytes([1; 16]), now).await.unwrap().is_none());
}

fn is_refused<S>(url: &str, outcome: Result<S, StoreError>) {
    let Err(error) = outcome else {
        panic!("{url} is accepted");
    };
    let said = format!("{error} {error:?}");
    assert!(matches!(error, StoreError::Misconfigured(_)), "{url}: {said}");
    assert!(!said.contains("secret"), "{url}: {said}");
}

#[tokio::test]
async fn passwords_with_special_characters() {
    let (redis, postgres, mariadb) = (Redis::start(), Database::postgres(), Database::mariadb());
    redis.run::<String>(&format!("ACL SETUSER ann on >{PASSWORD} ~* +@all"));
    let url = format!("redis://ann:{ENCODED}@127.0.0.1:{}/3", redis.port());
    is_accepted(RedisStore::connect(&url).await.unwrap()).await;

    let create = || SqlOptions::new().create_table(true);
    is_accepted(PostgresStore::connect_with(&postgres.url(), create()).await.unwrap()).await;
    let setup = format!("CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON sessions TO ann");
    let mut root = PgConnection::connect(&postgres.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    is_accepted(PostgresStore::connect(&postgres.url_of("ann", ENCODED)).await.unwrap()).await;

    let setup = format!("CREATE USER ann IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON mysql.* TO ann");
    let mut root = MySqlConnection::connect(&mariadb.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    is_accepted(MySqlStore::connect_with(&mariadb.url_of("ann", ENCODED), create()).await.unwrap()).await;
}

/// A list of URLs in place of one: the second one, with its password, is in the value of a parameter.
#[tokio::test]
async fn a_refused_parameter_is_not_quoted() {
    let url = |scheme: &str, parameter: &str| {
        let one = format!("{scheme}://ann:secret@127.0.0.1:1/1");
        format!("{one}?{parameter},{one}")
    };
    let url_of = url("redis", "protocol=resp3");
    is_refused(&url_of, RedisStore::connect(&url_of).await);
    let url_of = url("postgres", "sslmode=require");
    is_refused(&url_of, PostgresStore::connect(&url_of).await);
    let url_of = url("mysql", "ssl-mode=REQUIRED");
    is_refused(&url_of, MySqlStore::connect(&url_of).await);
}

/// Refused before a connection is made: there is no server at these URLs.
#[tokio::test]
async fn names_of_tables_are_checked() {
    for table in ["x\"; drop table y;--", "x`; drop table y;--", "naïve", "", &"x".repeat(64)] {
        let options = || SqlOptions::new().table(table);
        is_refused(table, PostgresStore::connect_with("postgres://ann@127.0.0.1:1/x", options()).await);
        is_refused(table, MySqlStore::connect_with("mysql://ann@127.0.0.1:1/x", options()).await);
    }
}
