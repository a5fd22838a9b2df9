//! URLs of stores, and names in their options. No server is asked: what is accepted leads to a port without one.

use std::time::Duration;

use session::store::{RedisOptions, SqlOptions, StoreError};
use session::{MySqlStore, PostgresStore, RedisStore};
use session_tests::redis_client;
use sqlx::{MySqlPool, PgPool};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::harness::Target;

const SECRET: &str = "Kx9vQz7LpW3";
/// Nothing listens at this port.
const NOWHERE: (&str, u16) = ("127.0.0.1", 1);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// The error of a URL, which names the setting, and never the password.
fn refused<S>(what: &str, url: &str, outcome: Result<S, StoreError>) -> String {
    let Err(error) = outcome else { panic!("{url} is accepted, without a server") };
    let said = format!("{error} {error:?}");
    // A part of the password that was moved into the name of the host is not secret.
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    for part in SECRET.as_bytes().windows(6) {
        let part = str::from_utf8(part).unwrap();
        assert!(!said.contains(part) || host.to_lowercase().contains(&part.to_lowercase()), "{url}: {said}");
    }
    match error {
        StoreError::Misconfigured(text) => {
            let fault = text.strip_prefix(what).unwrap_or_else(|| panic!("{url}: {text}"));
            assert!(fault.len() > ": ".len(), "{url}: {text}");
            text.split('`').step_by(2).collect::<String>().replace(char::is_numeric, "")
        },
        StoreError::Unavailable(_) => "accepted".into(),
        other => panic!("{url}: {other:?}"),
    }
}

/// Whether a connection to the server of this URL, if it is one, leads nowhere.
fn leads_nowhere(url: &str) -> bool {
    Url::parse(url).map_or(true, |url| {
        let is_elsewhere = |key: &str| ["host", "port", "socket"].iter().any(|word| key.to_lowercase().contains(word));
        (url.host_str(), url.port()) == (Some(NOWHERE.0), Some(NOWHERE.1))
            && !url.query_pairs().any(|(key, _)| is_elsewhere(&key))
    })
}

const WORDS: &[&str] = &[
    "redis://",
    "rediss://",
    "unix://",
    "redis+unix:///",
    "valkey://",
    "://",
    ":",
    "@",
    "/",
    "?",
    "#",
    "%",
    "%40",
    "%2F",
    "%00",
    "[::1]",
    "65536",
    "-1",
    "/9",
    "?protocol=resp3",
    "&",
    "=",
    "\u{e9}",
    " ",
    "\n",
    SECRET,
];

/// A URL of Redis is read to its end before an option that is wrong is reported, without a connection.
#[test]
fn redis_url() {
    let runtime = runtime();
    let target = Target::new("redis_url", WORDS).seed(format!("redis://shop:{SECRET}@cache.example:6379/1"));
    target.inputs(5_000).run(|input| {
        let url = String::from_utf8_lossy(input);
        let wrong = || RedisOptions::new().deadline(Duration::ZERO);
        let said = runtime.block_on(async {
            match RedisStore::connect_with(&url, wrong()).await {
                Err(StoreError::Misconfigured(text)) if text.starts_with("deadline") => "accepted".to_owned(),
                other => refused("Redis URL", &url, other),
            }
        });
        let node = runtime.block_on(RedisStore::cluster_with(["redis://127.0.0.1:1", &url], wrong()));
        let sentinel = runtime.block_on(RedisStore::sentinel_with("shop", [&*url], wrong()));
        for other in [node, sentinel] {
            let Err(StoreError::Misconfigured(text)) = other else { panic!("{other:?}") };
            assert_eq!(text.starts_with("deadline"), said == "accepted", "{text}");
        }
        said
    });
}

/// The name of a group of servers, which may be a URL.
#[test]
fn sentinel_name() {
    let runtime = runtime();
    let target = Target::new("sentinel_name", WORDS).seed("shop").seed(format!("redis://shop:{SECRET}@shop/1"));
    target.inputs(300).run(|input| {
        let name = String::from_utf8_lossy(input);
        let options = RedisOptions::new().deadline(Duration::from_millis(1));
        let url = if name.contains("://") { name.clone().into_owned() } else { format!("redis://{name}") };
        refused(
            "Redis primary",
            &url,
            runtime.block_on(RedisStore::sentinel_with(&name, ["redis://127.0.0.1:1"], options)),
        )
    });
}

/// Two nodes of a cluster, with credentials that may differ.
#[test]
fn cluster_nodes() {
    let runtime = runtime();
    let target = Target::new("cluster_nodes", WORDS).seed(format!("shop:{SECRET}")).seed(format!(":{SECRET}"));
    target.inputs(200).run(|input| {
        let url = format!("redis://{}@127.0.0.1:1", String::from_utf8_lossy(input));
        if !leads_nowhere(&url) {
            return "elsewhere".into();
        }
        let nodes = [&url, "redis://shop:other@127.0.0.1:1"];
        let options = RedisOptions::new().deadline(Duration::from_millis(1));
        refused("Redis cluster", &url, runtime.block_on(RedisStore::cluster_with(nodes, options)))
    });
}

/// URLs of PostgreSQL and MySQL, with any credentials, database and parameters.
#[test]
fn sql_url() {
    let runtime = runtime();
    let words = [
        "sslmode=",
        "ssl-mode=",
        "verify-full",
        "VERIFY_CA",
        "charset=",
        "collation=",
        "utf8",
        "options=",
        "-c",
        "user=",
        "password=",
        "dbname=",
        "application_name=",
        "statement-cache-capacity=",
        "sslrootcert=",
        "timezone=",
        "&",
        "?",
        "=",
        "@",
        ":",
        "/",
        "#",
        "%",
        "%40",
        "%00",
        "-1",
        "99999999999999999999",
        "é",
        SECRET,
    ];
    let target = Target::new("sql_url", &words)
        .seed(format!("shop:{SECRET}@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/ca.pem"))
        .seed(format!("shop:{SECRET}@127.0.0.1:1/shop?ssl-mode=VERIFY_CA&charset=utf8&statement-cache-capacity=1"))
        .seed(format!("shop@127.0.0.1:1/shop?password={SECRET}&options=-c%20a=b"));
    target.inputs(300).run(|input| {
        let rest = String::from_utf8_lossy(input);
        let options = || SqlOptions::new().deadline(Duration::from_millis(1));
        let (postgres, mysql) = (format!("postgres://{rest}"), format!("mysql://{rest}"));
        if !leads_nowhere(&postgres) || !leads_nowhere(&mysql) {
            return "elsewhere".into();
        }
        let one =
            refused("PostgreSQL URL", &postgres, runtime.block_on(PostgresStore::connect_with(&postgres, options())));
        let other = refused("MySQL URL", &mysql, runtime.block_on(MySqlStore::connect_with(&mysql, options())));
        one + &other
    });
}

/// The name of a table and the prefix of keys are accepted as documented, before any I/O.
#[test]
fn names_in_options() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let postgres = PgPool::connect_lazy("postgres://ann@127.0.0.1:1/x").unwrap();
    let mysql = MySqlPool::connect_lazy("mysql://ann@127.0.0.1:1/x").unwrap();
    let redis = redis_client("redis://127.0.0.1:1");
    let words =
        ["_", "0", "a", "A", "\"", "`", ";", " ", "{", "}", "é", "\0", ":", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
    let target = Target::new("names_in_options", &words).seed("sessions").seed("shop:session:");
    target.run(|input| {
        let name = String::from_utf8_lossy(input);
        let is_table = (1..=48).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            && !name.as_bytes()[0].is_ascii_digit();
        let is_prefix = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'{' && byte != b'}');
        let table = || SqlOptions::new().table(&*name);
        assert_eq!(PostgresStore::from_pool_lazy(postgres.clone(), table()).is_ok(), is_table);
        assert_eq!(MySqlStore::from_pool_lazy(mysql.clone(), table()).is_ok(), is_table);
        let prefix = RedisOptions::new().prefix(&*name);
        assert_eq!(RedisStore::from_client_lazy(redis.clone(), prefix).is_ok(), is_prefix);
        format!("{is_table} {is_prefix} {}", name.len().min(70))
    });
}
