//! Many clients increment one session in Redis at once: how many increments are kept, and how long it takes.
//!
//! ```sh
//! cargo bench -p session-tests --bench contention            # needs redis-server
//! ```
//!
//! [`CLIENTS`] tasks call the app as a tower service, without a socket, each waiting for its answer before it asks
//! again. With two processes, each has half of them, and this bench runs itself as both. The server is the bench's own.
//! Rounds are interleaved, and times are medians.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::process::{Child, Command, Stdio};

use axum::Router;
use http::{HeaderValue, StatusCode};
use session::RedisStore;
use session_tests::client::ask;
use session_tests::print_figure;
use session_tests::servers::Redis;
use support::apps::{self, request};
use support::hand::Store;
use support::{Watch, connect, median};

const CLIENTS: usize = 64;
const EACH: usize = 100;
const ALL: usize = CLIENTS * EACH;
const ROUNDS: usize = 5;

#[derive(Clone, Copy)]
struct Contestant {
    name: &'static str,
    path: &'static str,
}

const CONTESTANTS: [Contestant; 3] = [
    Contestant { name: "by hand, GET then SET", path: "/increment" },
    Contestant { name: "by hand, compare-and-set until it fits", path: "/update" },
    Contestant { name: "ours, `merge = counter`", path: "/increment" },
];

async fn app(contestant: usize, url: &str) -> Router {
    match contestant {
        0 => apps::by_hand(Store::losing_redis(connect(url).await)),
        1 => apps::by_hand(Store::redis(connect(url).await)),
        _ => apps::counted(RedisStore::connect(url).await.expect("a Redis server")),
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [work, contestant, url, cookie] = &args[..]
        && work == "work"
    {
        let contestant = contestant.parse().expect("a contestant");
        let cookie = HeaderValue::from_str(cookie).expect("ASCII");
        let app = app(contestant, url).await;
        let (answered, seconds) = increment(&app, contestant, &cookie, CLIENTS / 2).await;
        return println!("{answered} {seconds}");
    }
    report(&Redis::start().url()).await;
}

/// Answers how many increments were answered with 200, and in how many seconds.
async fn increment(app: &Router, contestant: usize, cookie: &HeaderValue, clients: usize) -> (usize, f64) {
    let watch = Watch::start();
    let path = CONTESTANTS[contestant].path;
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (app, cookie) = (app.clone(), cookie.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                for _ in 0..EACH {
                    let answer = ask(&app, request(path, Some(&cookie))).await;
                    answered += usize::from(answer.status == StatusCode::OK);
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("a client");
    }
    (answered, watch.read().as_secs_f64())
}

/// One measurement: answered, kept, seconds.
type Figures = (usize, usize, f64);

async fn one_process(contestant: usize, url: &str) -> Figures {
    let app = app(contestant, url).await;
    let cookie = apps::fill(&app).await.expect("a cookie");
    let (answered, seconds) = increment(&app, contestant, &cookie, CLIENTS).await;
    (answered, visits(&app, &cookie).await, seconds)
}

async fn two_processes(contestant: usize, url: &str) -> Figures {
    let app = app(contestant, url).await;
    let cookie = apps::fill(&app).await.expect("a cookie");
    let start = |_| {
        Command::new(std::env::current_exe().expect("this bench"))
            .args(["work", &contestant.to_string(), url])
            .arg(cookie.to_str().expect("ASCII"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("this bench")
    };
    let workers: [Child; 2] = std::array::from_fn(start);
    let (mut answered, mut seconds) = (0, 0_f64);
    for worker in workers {
        let output = worker.wait_with_output().expect("a worker");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let (count, time) = text.trim().split_once(' ').expect("two numbers");
        answered += count.parse::<usize>().expect("a count");
        seconds = seconds.max(time.parse().expect("seconds"));
    }
    (answered, visits(&app, &cookie).await, seconds)
}

async fn visits(app: &Router, cookie: &HeaderValue) -> usize {
    ask(app, request("/read", Some(cookie))).await.number() as usize
}

async fn report(url: &str) {
    println!(
        "{CLIENTS} clients, {EACH} increments each, of one session in Redis; worst and median of {ROUNDS} rounds\n"
    );
    println!("| contestant | processes | answered 200, at least | kept, at least | of {ALL} | seconds | ÷ losing |");
    println!("| --- | ---: | ---: | ---: | --- | ---: | ---: |");
    let mut figures = Vec::new();
    for processes in [1, 2] {
        let mut rounds: [Vec<Figures>; 3] = Default::default();
        for _ in 0..ROUNDS {
            for (contestant, figures) in rounds.iter_mut().enumerate() {
                figures.push(match processes {
                    1 => one_process(contestant, url).await,
                    _ => two_processes(contestant, url).await,
                });
            }
        }
        let seconds = |contestant: usize| median(rounds[contestant].iter().map(|(_, _, seconds)| *seconds).collect());
        let losing = seconds(0);
        for (index, Contestant { name, .. }) in CONTESTANTS.iter().enumerate() {
            let answered = rounds[index].iter().map(|round| round.0).min().unwrap_or(0);
            let kept = rounds[index].iter().map(|round| round.1).min().unwrap_or(0);
            let verdict = if kept == ALL { "all" } else { "LOST" };
            let seconds = seconds(index);
            let ratio = seconds / losing;
            println!("| {name} | {processes} | {answered} | {kept} | {verdict} | {seconds:.2} | {ratio:.2} |");
            figures.push((format!("time, {name}, {processes}"), format!("{ratio:.2}")));
            figures.push((format!("lost, {name}, {processes}"), format!("{} %", (ALL - kept) * 100 / ALL)));
        }
    }
    println!("\nTarget: ours keeps all, in at most 3 times the seconds of the losing one, in one process.\n");
    for (name, figure) in figures {
        print_figure(name, figure);
    }
}
