//! TLS and passwords, with servers that require both, and with a certificate authority made by the tests.

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

/// Long enough for a busy machine: each test expects a certain error, and not a timeout.
const PATIENT: Duration = Duration::from_secs(20);

async fn works(store: impl Store) {
    let client = Client::new(app(store));
    for visits in 1..4 {
        client.get("/visit").await;
        assert_eq!(client.get("/show").await.text, format!("nobody {visits} 0 0 0 0"));
    }
}

fn options() -> SqlOptions {
    SqlOptions::new().create_table(true).deadline(PATIENT)
}

/// The error names the store and the cause, and does not contain the password.
fn names<S>(outcome: Result<S, StoreError>, store: &str, what: &str) {
    let Err(error) = outcome else {
        panic!("{what} was not checked");
    };
    let said = format!("{error} {error:?}");
    println!("{error}");
    let fits = matches!(&error, StoreError::Misconfigured(text) if text.contains(store) && text.contains(what));
    assert!(fits, "{store}, {what}: {said}");
    for secret in ["secret", "wr0ng"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn postgres() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let database = Database::postgres().secured(&authority.certify("127.0.0.1"));
    let mut root = PgConnection::connect(&database.url()).await.unwrap();
    let setup = "CREATE ROLE ann LOGIN PASSWORD 'secret'; CREATE ROLE bob LOGIN PASSWORD 'secret'; \
                 GRANT CREATE ON SCHEMA public TO ann";
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    let connect = async |user, password, asked: &str| {
        let url = format!("{}?{asked}", database.url_of(user, password));
        PostgresStore::connect_with(&url, options()).await
    };
    let trusting = |authority: &Authority| format!("sslmode=verify-full&sslrootcert={}", authority.path());
    works(connect("ann", "secret", &trusting(&authority)).await.unwrap()).await;
    names(connect("ann", "wr0ng", &trusting(&authority)).await, "PostgreSQL", "password");
    names(connect("ann", "secret", &trusting(&stranger)).await, "PostgreSQL", "sslrootcert");
    names(connect("ann", "secret", "sslmode=verify-full").await, "PostgreSQL", "sslrootcert");
    names(connect("ann", "secret", "sslmode=disable").await, "PostgreSQL", "no encryption");
    names(connect("bob", "secret", &trusting(&authority)).await, "PostgreSQL", "SELECT");
    sqlx::raw_sql("GRANT SELECT, INSERT, DELETE ON sessions TO bob").execute(&mut root).await.unwrap();
    names(connect("bob", "secret", &trusting(&authority)).await, "PostgreSQL", "UPDATE");
    let elsewhere = Database::postgres().secured(&authority.certify("elsewhere.example"));
    let url = format!("{}?{}", elsewhere.url(), trusting(&authority));
    let outcome = PostgresStore::connect_with(&url, options()).await;
    names(outcome, "PostgreSQL", "sslmode");
    let plain = Database::postgres();
    let url = format!("{}?{}", plain.url(), trusting(&authority));
    names(PostgresStore::connect_with(&url, options()).await, "PostgreSQL", "sslmode");
}

#[tokio::test]
async fn mariadb() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let database = Database::mariadb().secured(&authority.certify("127.0.0.1"));
    let mut root = MySqlConnection::connect(&database.url()).await.unwrap();
    let setup = "CREATE USER ann IDENTIFIED BY 'secret' REQUIRE SSL; \
                 GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, INDEX ON mysql.* TO ann; \
                 CREATE USER bob IDENTIFIED BY 'secret' REQUIRE SSL; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON mysql.* TO bob";
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut root).await.unwrap();
    let connect = async |user, password, asked: &str| {
        let url = format!("{}?{asked}", database.url_of(user, password));
        MySqlStore::connect_with(&url, options()).await
    };
    let trusting = |authority: &Authority| format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", authority.path());
    names(connect("bob", "secret", &trusting(&authority)).await, "MySQL", "CREATE TABLE");
    works(connect("ann", "secret", &trusting(&authority)).await.unwrap()).await;
    names(connect("ann", "wr0ng", &trusting(&authority)).await, "MySQL", "password");
    names(connect("ann", "secret", &trusting(&stranger)).await, "MySQL", "ssl-ca");
    names(connect("ann", "secret", "ssl-mode=VERIFY_IDENTITY").await, "MySQL", "ssl-ca");
    names(connect("ann", "secret", "ssl-mode=DISABLED").await, "MySQL", "password");
    let elsewhere = Database::mariadb().secured(&authority.certify("elsewhere.example"));
    let url = format!("{}?{}", elsewhere.url(), trusting(&authority));
    names(MySqlStore::connect_with(&url, options()).await, "MySQL", "ssl-mode");
}

#[tokio::test]
async fn redis() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (_redis, port) = Redis::secured(&authority.certify("127.0.0.1"));
    let url = |user: &str, password: &str| format!("rediss://{user}:{password}@127.0.0.1:{port}");
    let options = || RedisOptions::new().deadline(PATIENT);
    let trusting = async |authority: &Authority, url: &str| {
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority.pem()) };
        let client = ::redis::Client::build_with_tls(url, certificates).unwrap();
        RedisStore::from_client_with(client, options()).await
    };
    works(trusting(&authority, &url("ann", "secret")).await.unwrap()).await;
    works(trusting(&authority, &url("", "hidden")).await.unwrap()).await;
    names(trusting(&authority, &url("ann", "wr0ng")).await, "Redis", "credentials");
    names(trusting(&stranger, &url("ann", "secret")).await, "Redis", "certificate");
    names(RedisStore::connect_with(&url("ann", "secret"), options()).await, "Redis", "certificate");
    let (_elsewhere, port) = Redis::secured(&authority.certify("elsewhere.example"));
    let outcome = trusting(&authority, &format!("rediss://ann:secret@127.0.0.1:{port}")).await;
    names(outcome, "Redis", "certificate");
}
