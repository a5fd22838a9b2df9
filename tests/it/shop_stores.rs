//! The shop on every store that its environment can name: what one process keeps, another finds.

use std::process::Command;
use std::sync::OnceLock;

use session::SecretKey;
use session_tests::databases::Database;
use session_tests::http::Connection;
use session_tests::redis_groups::{Cluster, Guarded};
use session_tests::servers::{Process, Redis, TempDir, free_port, is_listening, wait_until};

/// The catalogue as this visitor sees it, by a shop that opens for this one visit.
async fn visit(place: &str, cookie: Option<&str>) -> (String, Option<String>) {
    let port = free_port();
    let mut shop = Command::new(env!("CARGO_BIN_EXE_shop"));
    let shop = shop.env("PORT", port.to_string()).env("SESSION_STORE", place).env("SESSION_KEYS", key());
    let _shop = Process::start(shop);
    wait_until(&format!("the shop opens with {place}"), || is_listening(port));
    let reply = Connection::open(port).await.send("GET", "/", cookie).await;
    assert_eq!(reply.status, 200, "{place}: {}", reply.text);
    let cookie = reply.set_cookie.as_deref().and_then(|set| set.split(';').next());
    (reply.text, cookie.map(str::to_owned))
}

fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| SecretKey::generate().unwrap().to_text().expose().clone())
}

async fn is_found_again(place: &str) {
    let (first, cookie) = visit(place, None).await;
    assert!(first.contains("Catalogue opened: <span id=\"visits\">1<"), "{place}: {first}");
    let cookie = cookie.unwrap_or_else(|| panic!("{place}: no cookie"));
    let (second, _) = visit(place, Some(&cookie)).await;
    assert!(second.contains("Catalogue opened: <span id=\"visits\">2<"), "{place}: {second}");
}

#[tokio::test]
async fn in_files() {
    let dir = TempDir::new("shop");
    let at = |name: &str| dir.path().join(name).display().to_string();
    is_found_again(&format!("file:{}", at("files"))).await;
    is_found_again(&format!("sqlite:{}", at("sessions.db"))).await;
    is_found_again(&format!("opendal:{}", at("objects"))).await;
}

#[tokio::test]
async fn in_its_cookie() {
    is_found_again("cookie").await;
}

#[tokio::test]
async fn in_databases() {
    is_found_again(&Database::postgres().url()).await;
    is_found_again(&Database::mariadb().url()).await;
}

#[tokio::test]
async fn in_redis() {
    is_found_again(&Redis::start().url()).await;
}

#[tokio::test]
async fn in_a_cluster() {
    let cluster = Cluster::start();
    is_found_again(&format!("redis-cluster:{}", cluster.urls().join(","))).await;
}

#[tokio::test]
async fn behind_sentinels() {
    let guarded = Guarded::start();
    is_found_again(&format!("redis-sentinel:shop@{}", guarded.urls().join(","))).await;
}
