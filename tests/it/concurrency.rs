//! No update is lost and no logout is undone: the counts of it.

use std::process::Command;
use std::sync::Arc;

use axum::Router;
use session::testing::FailingStore;
use session::{MemoryStore, RedisStore};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::http::Connection;
use session_tests::servers::{Process, Redis, free_port, is_listening, wait_until};
use session_tests::{patient, print_figure};
use tokio::task::JoinSet;

const CLIENTS: u32 = 64;
const ROUNDS: u32 = 100;
const RACES: u32 = 2_000;

/// Sixty-four tabs of one visitor, each requesting its paths one after the other. Returns the number of 200 responses.
async fn storm(client: &Client, paths: impl Fn(u32) -> Vec<String>) -> u32 {
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let (client, paths) = (client.clone(), paths(number));
        tasks.spawn(async move {
            let mut fine = 0;
            for path in paths {
                let answer = client.get(&path).await;
                fine += u32::from(answer.status == 200);
                assert!(answer.status == 200 || answer.status == 409, "{answer:?}");
            }
            fine
        });
    }
    tasks.join_all().await.into_iter().sum()
}

pub(crate) async fn everything_is_kept(app: Router, name: &str) {
    let client = Client::new(app);
    client.get("/visit").await;
    let again = |path: &'static str| move |_| vec![path.to_owned(); ROUNDS as usize];
    assert_eq!(storm(&client, again("/visit")).await, CLIENTS * ROUNDS);
    assert_eq!(storm(&client, again("/update")).await, CLIENTS * ROUNDS);
    assert_eq!(
        storm(&client, |n| vec![format!("/set/{n}"), format!("/map/{n}"), format!("/wide/{n}")]).await,
        CLIENTS * 3
    );
    let shown = client.get("/show").await.text;
    assert_eq!(shown, "nobody 6401 6400 64 64 0");
    assert_eq!(client.get("/wide").await.text, "64");
    let all = CLIENTS * ROUNDS;
    print_figure(format_args!("kept, {name}"), format_args!("{all} of {all}, {all} of {all}"));
    print_figure(format_args!("entries kept, {name}"), format_args!("{CLIENTS} of {CLIENTS} each"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_everything() {
    everything_is_kept(app(MemoryStore::new()), "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_everything() {
    let redis = Redis::start();
    everything_is_kept(app(RedisStore::connect_with(&redis.url(), patient::redis()).await.unwrap()), "redis").await;
}

/// Half of the answers to commits are lost after they were applied: each is still applied once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lost_answers_do_not_count_twice() {
    let store = FailingStore::new(MemoryStore::new());
    let client = Client::new(app(store.clone()));
    client.get("/visit").await;
    for round in 0..500 {
        store.reset_calls();
        let flaky = store.clone();
        let saboteur = tokio::spawn(async move {
            while flaky.calls().loads == 0 {
                tokio::task::yield_now().await;
            }
            flaky.fail_next(session::testing::Fault::After, 1);
        });
        let answer = client.get("/visit").await;
        saboteur.await.unwrap();
        store.heal();
        assert_eq!(answer.status, 200, "round {round}");
    }
    assert_eq!(client.get("/show").await.text, "nobody 501 0 0 0 0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_on_one_redis_keep_everything() {
    let redis = Redis::start();
    two_processes_keep_everything(&redis.url()).await;
}

pub(crate) async fn two_processes_keep_everything(url: &str) {
    let servers: Vec<(Process, u16)> = (0..2)
        .map(|_| {
            let port = free_port();
            let mut command = Command::new(env!("CARGO_BIN_EXE_counter-server"));
            command.args([&port.to_string(), url]);
            (Process::start(&mut command), port)
        })
        .collect();
    servers.iter().for_each(|(_, port)| wait_until("the server listens", || is_listening(*port)));
    let ports: Vec<u16> = servers.iter().map(|(_, port)| *port).collect();
    let first = Connection::open(ports[0]).await.send("GET", "/visit", None).await;
    let cookie: Arc<str> = first.set_cookie.unwrap().split(';').next().unwrap().into();
    for path in ["/visit", "/update"] {
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            let (port, cookie) = (ports[number as usize % 2], Arc::clone(&cookie));
            tasks.spawn(async move {
                let mut connection = Connection::open(port).await;
                for _ in 0..ROUNDS {
                    let answer = connection.send("GET", path, Some(&cookie)).await;
                    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                }
            });
        }
        tasks.join_all().await;
    }
    if url.starts_with("cached") {
        // The staleness of the cache.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let mut shown = Vec::new();
    for port in ports {
        shown.push(Connection::open(port).await.send("GET", "/show", Some(&cookie)).await.text);
    }
    assert_eq!(shown, ["nobody 6401 6400 0 0 0"; 2]);
    let (all, store) = (CLIENTS * ROUNDS, url.split([':', '+']).next().unwrap());
    print_figure(format_args!("kept, two processes on {store}"), format_args!("{all} of {all}, {all} of {all}"));
}

/// Logouts, destructions and logins against requests in flight, on every store: nothing comes back.
pub(crate) async fn lifecycle_wins(app: Router, name: &str) {
    let mut resurrections = 0;
    for race in 0..RACES {
        let client = Client::new(app.clone());
        client.post("/login/7").await;
        let old = client.cookie();
        // Who races: the end of a session, or a new login that must leave the old id dead.
        let ending = ["/destroy", "/logout", "/login/8", "/rotate"][race as usize % 4];
        let stale = client.clone().at(app.clone());
        let (one, two) = (client.clone(), client.clone());
        let writing = tokio::spawn(async move { one.get("/visit").await });
        let ended = tokio::spawn(async move { two.post(ending).await });
        let (writing, ended) = (writing.await.unwrap(), ended.await.unwrap());
        assert!(matches!(ended.status.as_u16(), 200 | 409), "{ended:?}");
        assert!(matches!(writing.status.as_u16(), 200 | 409), "{writing:?}");
        // After a destruction or an empty logout, a write begins a session of its own. After a rotation it must not:
        // its cookie would overwrite the new one.
        let rotated = matches!(ending, "/login/8" | "/rotate") && ended.status == 200;
        assert!(!rotated || writing.set_cookie().is_none(), "{ending}: the loser sets no cookie");
        stale.set_cookie(old);
        let shown = stale.get("/show").await.text;
        resurrections += u32::from(ended.status == 200 && !shown.starts_with("nobody"));
    }
    print_figure(format_args!("races, {name}"), format_args!("{RACES} races, {resurrections} resurrections"));
    assert_eq!(resurrections, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_in_memory() {
    lifecycle_wins(app(MemoryStore::new()), "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_on_redis() {
    let redis = Redis::start();
    lifecycle_wins(app(RedisStore::connect_with(&redis.url(), patient::redis()).await.unwrap()), "redis").await;
}

/// Sixteen requests rotate one session at once: one gets the new token, the others get a conflict.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_rotation_wins() {
    let redis = Redis::start();
    for app in [app(MemoryStore::new()), app(RedisStore::connect_with(&redis.url(), patient::redis()).await.unwrap())] {
        for _ in 0..RACES / 16 {
            let client = Client::new(app.clone());
            client.get("/visit").await;
            let cookie = client.cookie();
            let mut tasks = JoinSet::new();
            for _ in 0..16 {
                let racer = Client::new(app.clone());
                racer.set_cookie(cookie.clone());
                tasks.spawn(async move { (racer.post("/rotate").await, racer) });
            }
            let outcomes = tasks.join_all().await;
            let winners: Vec<_> = outcomes.iter().filter(|(answer, _)| answer.set_cookie().is_some()).collect();
            assert_eq!(winners.len(), 1);
            assert_eq!(winners[0].0.status, 200);
            // A request that loaded the session after the rotation had nothing to rotate.
            assert!(outcomes.iter().all(|(answer, _)| matches!(answer.status.as_u16(), 200 | 409)));
            assert_eq!(winners[0].1.get("/show").await.text, "nobody 1 0 0 0 0");
        }
    }
    print_figure("winners", format_args!("1 in each of {} races", RACES / 16 * 2));
}

/// A field with `conflict = "reject"` fails the later commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reject_fails_the_later_one() {
    let client = Client::new(app(FailingStore::new(MemoryStore::new())));
    client.get("/visit").await;
    let answered = storm(&client, |n| vec![format!("/strict/{}", n + 1)]).await;
    assert!(answered >= 1);
    let strict: u32 = client.get("/show").await.text.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((1..=CLIENTS).contains(&strict));
}
