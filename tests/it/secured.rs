//! TLS and passwords: servers that require both, with certificates of an authority of the tests.

use std::time::Duration;

use ::redis::TlsCertificates;
use session::store::{RedisOptions, SqlOptions, StoreError};
use session::{MySqlStore, PostgresStore, RedisStore, Store};
use session_tests::certificates::Authority;
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::databases::Database;
use session_tests::servers::Redis;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

/// Long enough for a busy machine: each case must fail with its own error, not with a timeout.
const DEADLINE: Duration = Duration::from_secs(20);

async fn works(store: impl Store) {
    let client = Client::new(app(store));
    for visits in 1..4 {
        client.get("/visit").await;
        assert_eq!(client.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
    }
}

fn options() -> SqlOptions {
    SqlOptions::new().create_table(true).deadline(DEADLINE)
}

/// The error names the store and the setting that is wrong, and does not contain the password.
fn refused<S>(outcome: Result<S, StoreError>, store: &str, what: &str) {
    let Err(error) = outcome else {
        panic!("the store accepted a wrong {what}");
    };
    let shown = format!("{error} {error:?}");
    println!("{error}");
    let fits = matches!(&error, StoreError::Misconfigured(text) if text.contains(store) && text.contains(what));
    assert!(fits, "{store}, {what}: {shown}");
    for secret in ["secret", "wr0ng"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn postgres() {
    let (authority, untrusted) = (Authority::new(), Authority::new());
    let database = Database::postgres().secured(&authority.certify("127.0.0.1"));
    let mut root = PgConnection::connect(&database.url()).await.unwrap();
    let setup = "CREATE ROLE ann LOGIN PASSWORD 'secret'; CREATE ROLE bob LOGIN PASSWORD 'secret'; \
                 GRANT CREATE ON SCHEMA public TO ann";
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    let connect = async |user, password, query: &str| {
        let url = format!("{}?{query}", database.url_of(user, password));
        PostgresStore::connect_with(&url, options()).await
    };
    let trusting = |authority: &Authority| format!("sslmode=verify-full&sslrootcert={}", authority.path());
    works(connect("ann", "secret", &trusting(&authority)).await.unwrap()).await;
    refused(connect("ann", "wr0ng", &trusting(&authority)).await, "PostgreSQL", "password");
    refused(connect("ann", "secret", &trusting(&untrusted)).await, "PostgreSQL", "sslrootcert");
    refused(connect("ann", "secret", "sslmode=verify-full").await, "PostgreSQL", "sslrootcert");
    refused(connect("ann", "secret", "sslmode=disable").await, "PostgreSQL", "no encryption");
    refused(connect("bob", "secret", &trusting(&authority)).await, "PostgreSQL", "SELECT");
    sqlx::raw_sql("GRANT SELECT, INSERT, DELETE ON sessions TO bob").execute(&mut root).await.unwrap();
    refused(connect("bob", "secret", &trusting(&authority)).await, "PostgreSQL", "UPDATE");
    let elsewhere = Database::postgres().secured(&authority.certify("elsewhere.example"));
    let url = format!("{}?{}", elsewhere.url(), trusting(&authority));
    let outcome = PostgresStore::connect_with(&url, options()).await;
    refused(outcome, "PostgreSQL", "sslmode");
    let plain = Database::postgres();
    let url = format!("{}?{}", plain.url(), trusting(&authority));
    refused(PostgresStore::connect_with(&url, options()).await, "PostgreSQL", "sslmode");
}

#[tokio::test]
async fn mariadb() {
    let (authority, untrusted) = (Authority::new(), Authority::new());
    let database = Database::mariadb().secured(&authority.certify("127.0.0.1"));
    let mut root = MySqlConnection::connect(&database.url()).await.unwrap();
    let setup = "CREATE USER ann IDENTIFIED BY 'secret' REQUIRE SSL; \
                 GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, INDEX ON mysql.* TO ann; \
                 CREATE USER bob IDENTIFIED BY 'secret' REQUIRE SSL; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON mysql.* TO bob";
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    let connect = async |user, password, query: &str| {
        let url = format!("{}?{query}", database.url_of(user, password));
        MySqlStore::connect_with(&url, options()).await
    };
    let trusting = |authority: &Authority| format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", authority.path());
    refused(connect("bob", "secret", &trusting(&authority)).await, "MySQL", "CREATE TABLE");
    works(connect("ann", "secret", &trusting(&authority)).await.unwrap()).await;
    refused(connect("ann", "wr0ng", &trusting(&authority)).await, "MySQL", "password");
    refused(connect("ann", "secret", &trusting(&untrusted)).await, "MySQL", "ssl-ca");
    refused(connect("ann", "secret", "ssl-mode=VERIFY_IDENTITY").await, "MySQL", "ssl-ca");
    refused(connect("ann", "secret", "ssl-mode=DISABLED").await, "MySQL", "password");
    let elsewhere = Database::mariadb().secured(&authority.certify("elsewhere.example"));
    let url = format!("{}?{}", elsewhere.url(), trusting(&authority));
    refused(MySqlStore::connect_with(&url, options()).await, "MySQL", "ssl-mode");
}

#[tokio::test]
async fn redis() {
    let (authority, untrusted) = (Authority::new(), Authority::new());
    let (_redis, port) = Redis::secured(&authority.certify("127.0.0.1"));
    let url = |user: &str, password: &str| format!("rediss://{user}:{password}@127.0.0.1:{port}");
    let options = || RedisOptions::new().deadline(DEADLINE);
    let trusting = async |authority: &Authority, url: &str| {
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority.pem()) };
        let client = ::redis::Client::build_with_tls(url, certificates).unwrap();
        RedisStore::from_client_with(client, options()).await
    };
    works(trusting(&authority, &url("ann", "secret")).await.unwrap()).await;
    works(trusting(&authority, &url("", "hidden")).await.unwrap()).await;
    refused(trusting(&authority, &url("ann", "wr0ng")).await, "Redis", "credentials");
    refused(trusting(&untrusted, &url("ann", "secret")).await, "Redis", "certificate");
    refused(RedisStore::connect_with(&url("ann", "secret"), options()).await, "Redis", "certificate");
    let (_elsewhere, port) = Redis::secured(&authority.certify("elsewhere.example"));
    let outcome = trusting(&authority, &format!("rediss://ann:secret@127.0.0.1:{port}")).await;
    refused(outcome, "Redis", "certificate");
}
