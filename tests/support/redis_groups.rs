//! Groups of Redis servers: a primary with replicas and sentinels, and a cluster.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::servers::{Process, Redis, TempDir, free_port, is_listening, wait_until};

/// With the default delay, a replica is in sync only after five seconds.
const REPLICATION: [&str; 4] = ["--repl-diskless-sync-delay", "0", "--repl-timeout", "10"];

/// Whether this number of replicas follows `primary`.
pub fn in_sync(primary: &Redis, replicas: usize) -> bool {
    let info: String = primary.run("INFO replication");
    info.matches("state=online").count() == replicas
}

/// The number of replicas that confirm a write. The first confirmation can take longer than later ones.
fn reached(primary: &Redis) -> usize {
    let client = redis::Client::open(primary.url()).expect("a URL");
    let mut connection = client.get_connection().expect("a connection");
    let mut pipeline = redis::pipe();
    pipeline.cmd("SET").arg("warm").arg("up").ignore().cmd("WAIT").arg(9).arg(500);
    pipeline.query::<(usize,)>(&mut connection).expect("a number").0
}

/// A primary and `replicas` that are in sync.
pub fn replicated(replicas: usize) -> Vec<Redis> {
    let primary = Redis::start_with(free_port(), &REPLICATION);
    let port = primary.port().to_string();
    let mut servers = vec![primary];
    for _ in 0..replicas {
        let settings = [&REPLICATION[..], &["--replicaof", "127.0.0.1", &port]].concat();
        servers.push(Redis::start_with(free_port(), &settings));
    }
    wait_until("the replicas are in sync", || in_sync(&servers[0], replicas) && reached(&servers[0]) == replicas);
    servers
}

/// A primary, and a replica behind a network with this delay in each direction. Data in flight is lost when the primary
/// ends.
pub fn distant(delay: Duration) -> (Redis, Redis) {
    let primary = Redis::start_with(free_port(), &REPLICATION);
    let relay = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (near, far) = (primary.port(), relay.local_addr().expect("a port").port().to_string());
    std::thread::spawn(move || {
        for replica in relay.incoming().flatten() {
            let Ok(primary) = TcpStream::connect(("127.0.0.1", near)) else { continue };
            let both = (replica.try_clone().expect("a socket"), primary.try_clone().expect("a socket"));
            delayed(primary, replica, delay);
            delayed(both.0, both.1, delay);
        }
    });
    let replica = Redis::start_with(free_port(), &[&REPLICATION[..], &["--replicaof", "127.0.0.1", &far]].concat());
    wait_until("the replica is in sync", || in_sync(&primary, 1) && reached(&primary) == 1);
    (primary, replica)
}

/// Relays bytes from `from` to `to` with a delay, and none after `from` has closed its connection.
fn delayed(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
    let is_open = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&is_open);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() {
                break;
            }
        }
        is_open.store(false, Ordering::SeqCst);
    });
    std::thread::spawn(move || {
        for (due, bytes) in receiver {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if !still.load(Ordering::SeqCst) || to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}

/// A primary, two replicas, and three sentinels that know the primary as `shop`.
pub struct Guarded {
    pub servers: Vec<Redis>,
    sentinels: Vec<(Process, u16)>,
    _dir: TempDir,
}

impl Guarded {
    pub fn start() -> Self {
        Self::behind(|port| port)
    }

    /// The sentinels know the primary by another port: the one that `port_of` answers for its own.
    pub fn behind(port_of: impl FnOnce(u16) -> u16) -> Self {
        let servers = replicated(2);
        let port_of_primary = port_of(servers[0].port());
        let dir = TempDir::new("sentinel");
        let start = |number: usize| {
            let (port, file) = (free_port(), dir.path().join(format!("{number}.conf")));
            let config = format!(
                "bind 127.0.0.1\nport {port}\ndir {}\nsentinel monitor shop 127.0.0.1 {} 2\n\
                 sentinel down-after-milliseconds shop 1000\nsentinel failover-timeout shop 10000\n",
                dir.path().display(),
                port_of_primary
            );
            std::fs::write(&file, config).expect("a configuration");
            (Process::start(Command::new("redis-server").arg(&file).arg("--sentinel")), port)
        };
        let sentinels: Vec<_> = (0..3).map(start).collect();
        let guarded = Self { servers, sentinels, _dir: dir };
        wait_until("the sentinels know each other and the replicas", || {
            guarded.sentinels.iter().all(|(_, port)| {
                let known = is_listening(*port).then(|| describe(*port));
                known.is_some_and(|known| known == ("2".into(), "2".into()))
            })
        });
        guarded
    }

    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(|(_, port)| format!("redis://127.0.0.1:{port}")).collect()
    }

    pub fn stop_sentinel(&mut self) {
        self.sentinels.remove(0);
    }

    /// The port of the primary, according to the last sentinel.
    pub fn primary(&self) -> u16 {
        let (_, port) = self.sentinels.last().expect("a sentinel");
        let answer: (String, u16) = ask(*port, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"]).expect("an address");
        answer.1
    }
}

fn ask<T: redis::FromRedisValue>(port: u16, words: &[&str]) -> redis::RedisResult<T> {
    let mut connection = redis::Client::open(format!("redis://127.0.0.1:{port}"))?.get_connection()?;
    let mut command = redis::Cmd::new();
    command.arg(words);
    command.query(&mut connection)
}

/// The numbers of replicas and of other sentinels that a sentinel knows.
fn describe(port: u16) -> (String, String) {
    let known: Vec<String> = ask(port, &["SENTINEL", "MASTER", "shop"]).unwrap_or_default();
    let value = |name: &str| {
        let at = known.iter().position(|word| word == name);
        at.and_then(|at| known.get(at + 1)).cloned().unwrap_or_default()
    };
    (value("num-slaves"), value("num-other-sentinels"))
}

/// Three primaries, each with a replica.
pub struct Cluster {
    pub nodes: Vec<Redis>,
}

impl Cluster {
    pub fn start() -> Self {
        let settings = [&REPLICATION[..], &["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]].concat();
        let nodes: Vec<Redis> = (0..6).map(|_| Redis::start_with(low_port(), &settings)).collect();
        let cluster = Self { nodes };
        let mut words = vec!["create".to_owned()];
        words.extend(cluster.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        words.extend(["--cluster-replicas", "1", "--cluster-yes"].map(Into::into));
        cluster.manage(&words);
        wait_until("the cluster is complete and its replicas are in sync", || {
            cluster.nodes.iter().all(|node| node.run::<String>("CLUSTER INFO").contains("cluster_state:ok"))
                && cluster.nodes.iter().filter(|node| in_sync(node, 1)).count() == 3
        });
        cluster
    }

    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// `redis-cli --cluster …`.
    pub fn manage(&self, words: &[String]) {
        let output = Command::new("redis-cli").arg("--cluster").args(words).output().expect("redis-cli");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn id(&self, node: usize) -> String {
        self.nodes[node].run("CLUSTER MYID")
    }

    pub fn is_primary(&self, node: usize) -> bool {
        self.nodes[node].run::<String>("INFO replication").contains("role:master")
    }
}

/// A free port `p` for which `p + 10_000` is free too: the nodes of a cluster use that one among themselves.
fn low_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = 10_000 + free_port() % 20_000;
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}
