//! What a Redis server refuses is named when the program starts.

use std::time::Duration;

use session::store::{Cached, CachedOptions, RedisOptions, StoreError};
use session::testing::Contract;
use session::{MySqlStore, PostgresStore, RedisStore, SqliteStore};
use session_tests::databases::Database;
use session_tests::redis_groups::replicated;
use session_tests::servers::{Redis, free_port};

fn is_misconfigured<S>(outcome: Result<S, StoreError>, named: &str) {
    let Err(error) = outcome else {
        panic!("accepted: {named}");
    };
    println!("{error}");
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{named}: {error:?}");
}

fn ann(redis: &Redis, rules: &str) -> String {
    redis.run::<String>(&format!("ACL SETUSER ann reset on >secret {rules}"));
    format!("redis://ann:secret@127.0.0.1:{}", redis.port())
}

/// Every command that the store sends, alone or in a script.
#[tokio::test]
async fn a_missing_permission_is_named() {
    let redis = Redis::start();
    let commands = "get set unlink getrange setrange pexpire eval evalsha time zadd zrem zrange zrangebyscore \
                    zremrangebyscore pexpireat";
    // A script that the server knows is not sent.
    RedisStore::connect(&redis.url()).await.unwrap();
    for command in commands.split_whitespace() {
        let url = ann(&redis, &format!("~* +@all -{command}"));
        is_misconfigured(RedisStore::connect(&url).await, &format!("command {}", command.to_uppercase()));
    }
    is_misconfigured(RedisStore::connect(&ann(&redis, "~other:* +@all")).await, "keys");
    let wait = RedisOptions::new().replicated(1, Duration::from_millis(100));
    is_misconfigured(RedisStore::connect_with(&ann(&redis, "~* +@all -wait"), wait).await, "command WAIT");
    for (rules, named) in [
        ("~* &* +@all -publish", "command PUBLISH"),
        ("~* &* +@all -subscribe", "command SUBSCRIBE"),
        ("~* resetchannels &other +@all", "channel"),
    ] {
        let store = RedisStore::connect(&ann(&redis, rules)).await.unwrap();
        is_misconfigured(Cached::listening(store, CachedOptions::new()).await, named);
    }
    let wrong = format!("redis://ann:wrong@127.0.0.1:{}", redis.port());
    is_misconfigured(RedisStore::connect(&wrong).await, "credentials");
}

/// The line in the documentation of `RedisStore::connect` is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_documented_permissions_suffice() {
    let redis = Redis::start();
    let docs = include_str!("../../../session/src/stores/redis/mod.rs");
    let lines = docs.lines().map(|line| line.trim().trim_start_matches("///").trim());
    let lines: Vec<&str> = lines.skip_while(|line| !line.starts_with("ACL SETUSER")).take(2).collect();
    assert!(lines[1].starts_with('+'), "{lines:?}");
    redis.run::<String>(&lines.join(" "));
    let url = |database| format!("redis://shop:secret@127.0.0.1:{}/{database}", redis.port());
    let store = RedisStore::connect_with(&url("0"), session_tests::patient::redis()).await.unwrap();
    Contract::new(store).rounds(100).check().await.unwrap();
    redis.run::<String>("ACL SETUSER shop +publish +subscribe +select");
    let store = RedisStore::connect(&url("2")).await.unwrap();
    Cached::listening(store, CachedOptions::new()).await.unwrap();
}

#[tokio::test]
async fn a_command_that_the_server_does_not_have_is_named() {
    for command in ["EVAL", "UNLINK", "ZADD"] {
        let redis = Redis::start_with(free_port(), &["--rename-command", command, "hidden"]);
        is_misconfigured(RedisStore::connect(&redis.url()).await, &format!("no {command}"));
    }
}

#[tokio::test]
async fn a_replica_is_refused() {
    let servers = replicated(1);
    is_misconfigured(RedisStore::connect(&servers[1].url()).await, "is a replica");
    RedisStore::connect(&servers[0].url()).await.unwrap();
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_refused() {
    let (redis, postgres, mariadb) = (Redis::start(), Database::postgres(), Database::mariadb());
    is_misconfigured(RedisStore::connect(&format!("{}/99", redis.url())).await, "no database");
    let url = format!("{}shoe", postgres.url().trim_end_matches("postgres"));
    is_misconfigured(PostgresStore::connect(&url).await, "no database");
    let url = format!("{}shoe", mariadb.url().trim_end_matches("mysql"));
    is_misconfigured(MySqlStore::connect(&url).await, "no database");
    let url = mariadb.url().trim_end_matches("mysql").to_owned();
    is_misconfigured(MySqlStore::connect(&url).await, "no database");
}

/// Refused before a connection is made: there is no server at these URLs.
#[tokio::test]
async fn a_url_of_another_scheme_or_without_one_is_refused() {
    for url in ["127.0.0.1", "localhost:1", "", "http://localhost", "localhost/secret", "ann:secret@localhost:1/x"] {
        is_misconfigured(RedisStore::connect(url).await, "does not begin with `redis:`");
        is_misconfigured(RedisStore::cluster([url]).await, "does not begin with `redis:`");
        is_misconfigured(RedisStore::sentinel("shop", [url]).await, "does not begin with `redis:`");
        is_misconfigured(PostgresStore::connect(url).await, "does not begin with `postgres:`");
        is_misconfigured(MySqlStore::connect(url).await, "does not begin with `mysql:`");
        is_misconfigured(SqliteStore::connect(url).await, "does not begin with `sqlite:`");
    }
}
