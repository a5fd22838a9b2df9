//! The shop as a program: on every store that its environment can name, with bad settings, and what it is built of.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::OnceLock;

use session::SecretKey;
use session_tests::databases::Database;
use session_tests::http::Connection;
use session_tests::redis_groups::{Cluster, Guarded};
use session_tests::servers::{Process, Redis, TempDir, free_port, is_listening, wait_until};

/// What one process stores, the next one finds.
async fn is_found_again(place: &str) {
    let (first, cookie) = visit(place, None).await;
    assert!(first.contains("Catalogue opened: <span id=\"visits\">1<"), "{place}: {first}");
    let cookie = cookie.unwrap_or_else(|| panic!("{place}: no cookie"));
    let (second, _) = visit(place, Some(&cookie)).await;
    assert!(second.contains("Catalogue opened: <span id=\"visits\">2<"), "{place}: {second}");
}

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

fn run_with(settings: &[(&str, &str)]) -> Output {
    let mut shop = Command::new(env!("CARGO_BIN_EXE_shop"));
    shop.env_remove("HOST").env_remove("PORT").env_remove("SESSION_STORE").env_remove("REDIS_URL");
    shop.envs(settings.iter().copied()).output().expect("the shop")
}

#[test]
fn bad_settings_are_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for (settings, expected) in [
        (&[("PORT", "three")][..], "PORT is \"three\", but must be a port number from 0 to 65535\n"),
        (&[("PORT", "65536")], "PORT is \"65536\", but must be a port number from 0 to 65535\n"),
        (&[("PORT", "")], "PORT is \"\", but must be a port number from 0 to 65535\n"),
        (&[("HOST", "the moon")], "HOST is \"the moon\", but must be an IP address like 127.0.0.1 or 0.0.0.0\n"),
        (&[("PORT", &port)], &format!("HOST and PORT: the shop cannot listen on 127.0.0.1 port {port}: ")),
        (&[("HOST", "203.0.113.1"), ("PORT", "0")], "HOST and PORT: the shop cannot listen on 203.0.113.1 port 0: "),
        (
            &[("PORT", "0"), ("SESSION_STORE", "tape:1")],
            "SESSION_STORE: `tape` is no store of the shop. It knows file, ",
        ),
    ] {
        let output = run_with(settings);
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success() && error.starts_with(expected), "{settings:?}: {error}");
    }
}

#[tokio::test]
async fn the_shop_listens_on_its_host() {
    let port = free_port();
    let mut shop = Command::new(env!("CARGO_BIN_EXE_shop"));
    let _shop = Process::start(shop.env("HOST", "127.0.0.2").env("PORT", port.to_string()).env("SESSION_STORE", ""));
    wait_until("the shop opens", || std::net::TcpStream::connect(("127.0.0.2", port)).is_ok());
    assert!(!is_listening(port), "not on 127.0.0.1");
}

/// A newcomer builds the shop first, so it must stay small.
#[test]
fn by_default_the_shop_has_at_most_90_crates() {
    let tree = |features: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        let arguments = ["tree", "--offline", "--locked", "-p", "session-examples", "-e", "normal", "--no-dedupe"];
        let output = cargo.args(arguments).args(["--prefix", "none"]).args(features).output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let crates = tree(&[]);
    assert!(crates.len() <= 90 && crates.len() > 50, "{} crates: {crates:#?}", crates.len());
    assert!(tree(&["--all-features"]).len() > 90, "the command does not count what features bring");
}
