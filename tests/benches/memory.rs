//! A million sessions in memory: what each takes, and what requests notice of a sweep that removes them all.
//!
//! ```sh
//! cargo bench -p session-tests --bench memory                # needs Linux, and a gigabyte of memory
//! ```
//!
//! Requests create the sessions. Memory is what the process holds (resident pages), less what it held before the first
//! session. Then one thread sweeps them all away at once, while another asks for sessions that stay: the longest and
//! the 99.9th percentile of what a request takes, beside the same without a sweep.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use http::HeaderValue;
use session::{Clock as _, MemoryStore, Store as _, SystemClock, Timestamp};
use session_tests::client::ask;
use session_tests::print_figure;
use support::Watch;
use support::apps::{self, request};

const SESSIONS: usize = 1_000_000;
const STAYING: usize = 1_000;
const MOST: usize = 800;
/// The default of `idle`.
const IDLE: Duration = Duration::from_mins(30);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = MemoryStore::with_max_sessions(SESSIONS + STAYING);
    let app = apps::ours(store.clone());
    // So that what every app holds is not counted.
    let first = apps::fill(&app).await.expect("a cookie");
    ask(&app, request("/read", Some(&first))).await;

    let before = resident();
    for _ in 0..SESSIONS - 1 {
        apps::fill(&app).await;
    }
    let each = (resident() - before) / SESSIONS;
    println!("| live sessions | bytes of memory each | target |");
    println!("| ---: | ---: | --- |");
    println!("| {} | {each} | {} (≤ {MOST}) |", store.len(), if each <= MOST { "met" } else { "MISSED" });

    let due = SystemClock::default().now().saturating_add(IDLE);
    while SystemClock::default().now().saturating_add(IDLE) <= due {
        tokio::task::yield_now().await;
    }
    let mut staying = Vec::new();
    for _ in 0..STAYING {
        staying.push(apps::fill(&app).await.expect("a cookie"));
    }
    let quiet = waits(&app, &staying, |asked| asked == 200_000).await;
    let swept = Arc::new(AtomicBool::new(false));
    let sweeper = std::thread::spawn({
        let (store, swept) = (store.clone(), swept.clone());
        move || sweep(&store, due, &swept)
    });
    let during = waits(&app, &staying, |_| swept.load(Ordering::Acquire)).await;
    let took = sweeper.join().expect("a sweep");
    println!();
    println!("A sweep of {SESSIONS} records took {} ms; {} stayed.", took.as_millis(), store.len());
    println!();
    println!("| requests | | median | 99.9 % | longest |");
    println!("| ---: | --- | ---: | ---: | ---: |");
    let mut figures =
        vec![("bytes each".to_owned(), each.to_string()), ("sweep".to_owned(), format!("{:.1} s", took.as_secs_f64()))];
    for (name, waits) in [("without a sweep", quiet), ("during the sweep", during)] {
        let at = |permille: usize| waits[(waits.len() - 1) * permille / 1_000].as_micros();
        println!("| {} | {name} | {} µs | {} µs | {} µs |", waits.len(), at(500), at(999), at(1_000));
        figures.push((format!("requests {name}"), waits.len().to_string()));
        figures.push((format!("median {name}"), format!("{} µs", at(500))));
    }
    println!();
    for (name, figure) in figures {
        print_figure(name, figure);
    }
}

/// How long each request took, from the shortest to the longest.
async fn waits(app: &Router, cookies: &[HeaderValue], enough: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut waits = Vec::with_capacity(1_000_000);
    for cookie in cookies.iter().cycle() {
        if enough(waits.len()) {
            break;
        }
        let request = request("/read", Some(cookie));
        let watch = Watch::start();
        let answer = ask(app, request).await;
        waits.push(watch.read());
        assert_eq!(answer.text, "0");
    }
    waits.sort_unstable();
    waits
}

fn sweep(store: &MemoryStore, due: Timestamp, swept: &AtomicBool) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let watch = Watch::start();
    let removed = runtime.block_on(store.sweep(usize::MAX, due)).expect("a sweep");
    let took = watch.read();
    swept.store(true, Ordering::Release);
    assert_eq!(removed, SESSIONS);
    took
}

/// Bytes of memory that this process holds.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4096
}
