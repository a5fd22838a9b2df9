//! Stores whose servers' replies are garbled by a proxy: no write counts twice, and an error that says that nothing was
//! written is right.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use session::store::{Cached, CachedOptions, Migrating, RedisOptions, SqlOptions};
use session::testing::Contract;
use session::{Clock as _, MemoryStore, MySqlStore, PostgresStore, RedisStore, SessionId, Store, SystemClock};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::databases::Database;
use session_tests::proxy::{Garble, Proxy, mysql_error, postgres_error};
use session_tests::redis_groups::{Cluster, Guarded, replicated};
use session_tests::servers::{Redis, wait_until};

/// The first bytes of a record: every request that contains them creates or replaces one.
const RECORD: &[u8] = b"\xa5S\x01\0";

fn replaced(reply: &[u8]) -> Garble {
    Garble::Replace(reply.to_vec())
}

/// Errors that no Redis sends, errors that a proxy sends, and replies that are none.
fn redis_garbles() -> Vec<Garble> {
    vec![
        replaced(b"-ERR upstream connection lost\r\n"),
        replaced(b"-WEIRD\r\n"),
        replaced(b"-ERR the server ran out of OOM, NOPERM or READONLY\r\n"),
        replaced(b"-\r\n"),
        replaced(b"\0\xff\0\xff\r\n"),
        replaced(b"+NONSENSE\r\n"),
        replaced(b":77\r\n"),
        replaced(b"*1\r\n$3\r\nabc\r\n"),
        replaced(b"*0\r\n"),
        replaced(b""),
        replaced(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        Garble::Flip(0),
        Garble::Close,
    ]
}

fn postgres_garbles() -> Vec<Garble> {
    let error = |state, message| Garble::Replace(postgres_error(state, message));
    vec![
        error("08006", "server_login has been failing"),
        error("58000", "query_wait_timeout"),
        error("08P01", "a proxy lost the server"),
        error("40003", "statement completion unknown"),
        error("ZZ999", "unheard of"),
        error("57P01", "terminating connection due to administrator command"),
        replaced(b"\0\0\0\0\0"),
        Garble::Flip(0),
        Garble::Flip(5),
        Garble::Close,
    ]
}

fn mysql_garbles() -> Vec<Garble> {
    let error = |number, message| Garble::Replace(mysql_error(number, message));
    vec![
        error(2006, "MySQL server has gone away"),
        error(2013, "Lost connection to MySQL server during query"),
        error(1105, "Unknown error"),
        error(9001, "ProxySQL: max connect timeout reached"),
        error(1317, "Query execution was interrupted"),
        error(1159, "Got timeout reading communication packets"),
        replaced(b"\x01\0\0\x07\xfe"),
        Garble::Flip(4),
        Garble::Flip(5),
        Garble::Close,
    ]
}

/// The contract, while `proxy` garbles the answer to each write of its last part. A reply may be that to the
/// preparation of a statement, so sometimes the next one is garbled.
async fn keeps_the_contract(store: impl Store, proxy: Proxy, garbles: Vec<Garble>, name: &str) {
    let (next, network) = (AtomicUsize::new(0), proxy.clone());
    let contract = Contract::new(store).rounds(120).garbled_by(move || {
        let number = next.fetch_add(1, Ordering::SeqCst);
        network.garble(garbles[number % garbles.len()].clone(), u32::from(number / garbles.len() % 3 == 2));
    });
    let report = contract.check().await.unwrap();
    assert!(report.garbled() > 100 && proxy.garbled() > 60, "{report}");
    println!("{name}: {} of {} writes had a garbled answer", proxy.garbled(), report.garbled());
}

/// Each visit is sent once, and the answer to its commit is garbled.
async fn no_visit_counts_twice(store: impl Store, proxies: &[Proxy], garbles: Vec<Garble>) {
    let client = Client::new(app(store));
    assert_eq!(client.get("/visit").await.status, 200);
    let (mut sent, mut confirmed) = (1_u64, 1_u64);
    for garble in garbles {
        proxies.iter().for_each(|proxy| proxy.garble_reply_to(RECORD, garble.clone()));
        sent += 1;
        confirmed += u64::from(client.get("/visit").await.status == 200);
        let shown = crate::faults::recovered(&client).await.text;
        let visits: u64 = shown.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((confirmed..=sent).contains(&visits), "{garble:?}: {confirmed} of {sent} confirmed, {visits} stored");
    }
    let garbled: u64 = proxies.iter().map(Proxy::garbled).sum();
    assert!(garbled > 5, "{garbled}");
}

fn redis() -> (Redis, Proxy, String) {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port());
    let url = proxy.url(&redis.url(), redis.port());
    (redis, proxy, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_contract() {
    let (_redis, proxy, url) = redis();
    let store = RedisStore::connect_with(&url, RedisOptions::new()).await.unwrap();
    keeps_the_contract(store, proxy, redis_garbles(), "Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicated_redis_keeps_the_contract() {
    let servers = replicated(1);
    let proxy = Proxy::to(servers[0].port());
    let options = RedisOptions::new().replicated(1, Duration::from_millis(200));
    let url = proxy.url(&servers[0].url(), servers[0].port());
    keeps_the_contract(RedisStore::connect_with(&url, options).await.unwrap(), proxy, redis_garbles(), "WAIT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrappers_keep_the_contract() {
    let (_redis, proxy, url) = redis();
    let store = || async { RedisStore::connect_with(&url, RedisOptions::new()).await.unwrap() };
    let cached = Cached::with(store().await, CachedOptions::new());
    keeps_the_contract(cached, proxy.clone(), redis_garbles(), "cached").await;
    let migrating = Migrating::new(store().await, MemoryStore::new());
    keeps_the_contract(migrating, proxy.clone(), redis_garbles(), "migrating from Redis").await;
    let migrating = Migrating::new(MemoryStore::new(), store().await);
    keeps_the_contract(migrating, proxy, redis_garbles(), "migrating to Redis").await;
}

#[tokio::test]
async fn redis_counts_no_visit_twice() {
    let (_redis, proxy, url) = redis();
    no_visit_counts_twice(RedisStore::connect(&url).await.unwrap(), &[proxy], redis_garbles()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sentinel_counts_no_visit_twice() {
    let mut proxies = Vec::new();
    let guarded = Guarded::behind(|port| {
        proxies.push(Proxy::to(port));
        proxies[0].port()
    });
    let store = RedisStore::sentinel("shop", guarded.urls()).await.unwrap();
    no_visit_counts_twice(store, &proxies, redis_garbles()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cluster_counts_no_visit_twice() {
    let cluster = Cluster::start();
    let proxies: Vec<Proxy> = cluster.nodes.iter().map(|node| Proxy::to(node.port())).collect();
    for (node, proxy) in cluster.nodes.iter().zip(&proxies) {
        node.run::<String>(&format!("CONFIG SET cluster-announce-port {}", proxy.port()));
    }
    wait_until("each node knows the proxies of the others", || {
        cluster.nodes.iter().all(|node| {
            let slots = node.run::<String>("CLUSTER NODES");
            proxies.iter().all(|proxy| slots.contains(&format!(":{}@", proxy.port())))
        })
    });
    let urls = proxies.iter().map(|proxy| format!("redis://127.0.0.1:{}", proxy.port()));
    let store = RedisStore::cluster(urls).await.unwrap();
    no_visit_counts_twice(store, &proxies, redis_garbles()).await;
}

fn database(database: Database) -> (Database, Proxy, String) {
    let proxy = Proxy::to(database.port());
    let url = proxy.url(&database.url(), database.port());
    (database, proxy, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_the_contract() {
    let (_server, proxy, url) = database(Database::postgres());
    let url = format!("{url}?sslmode=disable");
    let store = PostgresStore::connect_with(&url, SqlOptions::new().create_table(true)).await.unwrap();
    keeps_the_contract(store.clone(), proxy.clone(), postgres_garbles(), "PostgreSQL").await;
    no_visit_counts_twice(store, &[proxy], postgres_garbles()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mariadb_keeps_the_contract() {
    let (_server, proxy, url) = database(Database::mariadb());
    let url = format!("{url}?ssl-mode=DISABLED");
    let store = MySqlStore::connect_with(&url, SqlOptions::new().create_table(true)).await.unwrap();
    keeps_the_contract(store.clone(), proxy.clone(), mysql_garbles(), "MariaDB").await;
    no_visit_counts_twice(store, &[proxy], mysql_garbles()).await;
}

/// Errors that quote what was sent, as some proxies and servers do, and replies that are not what was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_error_quotes_what_is_stored() {
    const SECRET: &str = "hunter2-4242";
    let (redis, proxy, url) = redis();
    let store = RedisStore::connect(&url).await.unwrap();
    let app = app(store.clone());
    let client = Client::new(app);
    client.post("/login/7").await;
    let key = redis.run::<Vec<String>>("KEYS session:{*").remove(0);
    let id: SessionId = key.trim_start_matches("session:{").trim_end_matches('}').parse().unwrap();
    let user = session::Sessions::<session_tests::counter::Counter>::builder().store(store.clone()).build().unwrap();
    let mut unknown = 0;
    for text in
        ["ERR cannot run 'SET {}'", "WEIRD \"{}\"", "{}", "ERR unknown command 'SET', with args beginning with: '{}'"]
    {
        let error = format!("-{}\r\n", text.replace("{}", SECRET));
        let bulk = format!("${}\r\n{SECRET}\r\n", SECRET.len());
        for reply in [error, bulk.clone(), format!("*1\r\n{bulk}"), format!("{SECRET}\r\n")] {
            let now = SystemClock::default().now();
            let mut said = Vec::new();
            for call in 0..4 {
                proxy.garble(Garble::Replace(reply.clone().into_bytes()), 0);
                said.push(match call {
                    0 => in_full(store.load(id, now).await),
                    1 => in_full(store.touch(id, now, now).await),
                    2 => in_full(user.list_user(&7, 9).await),
                    _ => in_full(store.destroy(SessionId::from_bytes([1; 16]), now).await),
                });
            }
            unknown += said.iter().filter(|said| said.contains("Unknown")).count();
            assert!(said.iter().all(|said| !said.contains("hunter")), "{reply:?}: {said:?}");
        }
    }
    assert!(unknown > 8, "{unknown}");
    let (_server, proxy, url) = database(Database::postgres());
    let store = PostgresStore::connect_with(&format!("{url}?sslmode=disable"), SqlOptions::new().create_table(true))
        .await
        .unwrap();
    for state in ["22P02", "23514", "ZZ999", "08006"] {
        let said = garbled_destroy(&store, &proxy, Garble::Replace(postgres_error(state, SECRET))).await;
        assert!(said.contains(state) && !said.contains(SECRET), "{state}: {said}");
    }
    let (_server, proxy, url) = database(Database::mariadb());
    let options = SqlOptions::new().create_table(true);
    let store = MySqlStore::connect_with(&format!("{url}?ssl-mode=DISABLED"), options).await.unwrap();
    for number in [1062, 1292, 1366, 9001] {
        let said = garbled_destroy(&store, &proxy, Garble::Replace(mysql_error(number, SECRET))).await;
        assert!(said.contains(&number.to_string()) && !said.contains(SECRET), "{number}: {said}");
    }
}

/// The error of a call whose answer is garbled. A pool sends more than the statements of calls.
async fn garbled_destroy(store: &impl Store, proxy: &Proxy, garble: Garble) -> String {
    let (id, now) = (SessionId::from_bytes([1; 16]), SystemClock::default().now());
    for _ in 0..100 {
        proxy.garble(garble.clone(), 0);
        let destroyed = store.destroy(id, now).await;
        if destroyed.is_err() {
            return in_full(destroyed);
        }
    }
    panic!("no call failed");
}

/// Everything that an outcome can show in a log.
fn in_full<T, E: std::error::Error>(outcome: Result<T, E>) -> String {
    outcome.err().map_or("no error".into(), |error| format!("{error} {error:?} {:?}", error.source()))
}
