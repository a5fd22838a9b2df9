//! Requests a second over loopback HTTP, sessions in Redis: ours against the same app by hand.
//!
//! ```sh
//! cargo bench -p session-tests --bench http                  # needs wrk and redis-server, and for pinning taskset
//! ```
//!
//! This bench runs itself as the server, on one core; `wrk` and Redis share the other. 32 connections ask in turn for
//! 64 sessions. Rounds are interleaved. A ratio is the median of the ratios of each round, ours to by hand. On a
//! machine that does other work too, trust the server's processor time more than requests a second.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use axum::Router;
use session::RedisStore;
use session::store::{Cached, CachedOptions};
use session_tests::print_figure;
use session_tests::servers::{Process, Redis, TempDir, free_port, is_listening, wait_until};
use support::hand::Store;
use support::{apps, connect, median};

const CONNECTIONS: &str = "-c32";
const SESSIONS: usize = 64;
const SECONDS: &str = "-d1s";
const ROUNDS: usize = 21;

const CONTESTANTS: [&str; 5] =
    ["by hand", "by hand, no conflict check", "ours", "ours, cached", "ours, cached and listening"];
/// What the cached store must reach, reading and writing, relative to a handler that does GET and SET and checks
/// nothing.
const CACHED: [f64; 2] = [1.5, 1.15];
const CASES: [(&str, &str); 2] = [("read", "/read"), ("increment", "/increment")];

async fn app(contestant: usize, url: &str) -> Router {
    match contestant {
        0 => apps::by_hand(Store::redis(connect(url).await)),
        1 => apps::by_hand(Store::losing_redis(connect(url).await)),
        2 => apps::ours(RedisStore::connect(url).await.expect("a Redis server")),
        3 => apps::ours(Cached::new(RedisStore::connect(url).await.expect("a Redis server"))),
        _ => {
            let store = RedisStore::connect(url).await.expect("a Redis server");
            apps::ours(Cached::listening(store, CachedOptions::new()).await.expect("a channel"))
        },
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [serve, contestant, url, port, script] if serve == "serve" => {
            let contestant = contestant.parse().expect("a contestant");
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(run_server(contestant, url, port, script.as_ref()));
        },
        _ => report(),
    }
}

/// Makes the sessions, writes a script for wrk that asks for them in turn, and serves.
async fn run_server(contestant: usize, url: &str, port: &str, script: &Path) {
    let app = app(contestant, url).await;
    let mut cookies = String::new();
    for _ in 0..SESSIONS {
        let cookie = apps::fill(&app).await.expect("a cookie");
        cookies += &format!("{:?},\n", cookie.to_str().expect("ASCII"));
    }
    let text = format!(
        "local cookies = {{\n{cookies}}}\nlocal turn = 0\nfunction request()\n  turn = turn % #cookies + 1\n  \
         return wrk.format(nil, nil, {{ Cookie = cookies[turn] }})\nend\n"
    );
    std::fs::write(script, text).expect("a script");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    axum::serve(listener, app).await.expect("a server");
}

/// `program` on one core, where that can be had.
fn on_core(core: &str, program: &str) -> Command {
    let pinned = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
        && Command::new("taskset").arg("-V").output().is_ok();
    if !pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", core, program]);
    command
}

fn pin_redis(redis: &Redis) {
    let info: String = redis.run("INFO server");
    let process = info.lines().find_map(|line| line.strip_prefix("process_id:"));
    // Where there is no taskset, nothing is pinned.
    let _ = Command::new("taskset").args(["-a", "-p", "-c", "1", process.expect("a process")]).output();
}

struct Server {
    process: Process,
    port: u16,
    script: String,
}

impl Server {
    fn start(contestant: usize, redis: &Redis, dir: &TempDir) -> Self {
        let exe = std::env::current_exe().expect("this bench");
        let port = free_port();
        let script = dir.path().join(format!("{contestant}.lua"));
        let script = script.to_str().expect("UTF-8").to_owned();
        let mut command = on_core("0", exe.to_str().expect("UTF-8"));
        command.args(["serve", &contestant.to_string(), &redis.url()]).args([&port.to_string(), &script]);
        let process = Process::start(&mut command);
        wait_until("the server listens", || is_listening(port));
        Self { process, port, script }
    }

    /// Requests a second, and the microseconds of processor time that each took of the server.
    fn load(&self, path: &str, time: &str) -> (f64, f64) {
        let before = self.processor_time();
        let output = on_core("1", "wrk")
            .args(["-t1", CONNECTIONS, time, "-s", &self.script])
            .arg(format!("http://127.0.0.1:{}{path}", self.port))
            .output()
            .expect("wrk, which Debian packages");
        let used = self.processor_time() - before;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("Non-2xx"), "{text}");
        let number = |word: &str, at: usize| -> f64 {
            let line = text.lines().find(|line| line.contains(word));
            let number = line.and_then(|line| line.split_whitespace().nth(at));
            number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
        };
        let requests = number("requests in", 0);
        (number("Requests/sec:", 1), used / requests)
    }

    /// In microseconds; the kernel counts in hundredths of a second.
    fn processor_time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("Linux");
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks = fields.split(' ').skip(12).take(2);
        ticks.map(|ticks| ticks.parse::<f64>().expect("ticks")).sum::<f64>() * 10_000.0
    }
}

fn report() {
    let redis = Redis::start();
    pin_redis(&redis);
    let dir = TempDir::new("http");
    let servers: [Server; 5] = std::array::from_fn(|index| Server::start(index, &redis, &dir));
    println!(
        "{SESSIONS} sessions in Redis, 32 connections, median of {ROUNDS} rounds; ratios to the case's first row:\n"
    );
    println!("| case | contestant | requests/s | ratio | server µs a request | ratio | target |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    let mut summary = Vec::new();
    for ((case, path), wanted) in CASES.into_iter().zip(CACHED) {
        let mut rounds: [Vec<(f64, f64)>; 5] = Default::default();
        for server in &servers {
            server.load(path, SECONDS);
        }
        for round in 0..ROUNDS {
            for turn in 0..5 {
                let index = (round + turn) % 5;
                rounds[index].push(servers[index].load(path, SECONDS));
            }
        }
        for (name, figures) in CONTESTANTS.iter().zip(&rounds) {
            let ratios = || figures.iter().zip(&rounds[0]);
            let rate = median(figures.iter().map(|(rate, _)| *rate).collect());
            let time = median(figures.iter().map(|(_, time)| *time).collect());
            let rates = median(ratios().map(|(one, hand)| one.0 / hand.0).collect());
            let times = median(ratios().map(|(one, hand)| one.1 / hand.1).collect());
            let verdict = |reached: f64, wanted: f64, of: &str| {
                let verdict = if reached >= wanted { "met" } else { "MISSED" };
                format!("{verdict}: {reached:.2} of the {of}, wanted {wanted}")
            };
            let target = match *name {
                "ours" => verdict(rates, 0.97, "first row"),
                name if name.starts_with("ours, cached") => {
                    let unchecked = figures.iter().zip(&rounds[1]).map(|(one, hand)| one.0 / hand.0);
                    verdict(median(unchecked.collect()), wanted, "second row")
                },
                _ => String::new(),
            };
            println!("| {case} | {name} | {rate:.0} | {rates:.2} | {time:.1} | {times:.2} | {target} |");
            let unchecked = || figures.iter().zip(&rounds[1]);
            let rate = median(unchecked().map(|(one, other)| one.0 / other.0).collect());
            let time = median(unchecked().map(|(one, other)| one.1 / other.1).collect());
            summary.push((format!("{case}, {name}"), format!("{rates:.2}")));
            summary.push((format!("{case}, {name}, to no conflict check"), format!("{rate:.2}")));
            summary.push((format!("{case}, {name}, processor time to no conflict check"), format!("{time:.2}")));
        }
    }
    println!();
    for (name, figure) in summary {
        print_figure(name, figure);
    }
}
