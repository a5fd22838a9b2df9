//! What a session costs a request, in process, with the memory store: instructions and allocations, by valgrind.
//!
//! ```sh
//! cargo bench -p session-tests --bench requests              # needs valgrind
//! cargo bench -p session-tests --bench requests -- read      # rows whose name contains `read`
//! ```
//!
//! Each figure is that of a run of [`LONG`] requests less one of [`SHORT`], divided by their difference, less plain
//! axum's. Valgrind offers no SHA instructions to the program, so every hash counts some 3,000 instructions that most
//! processors do not execute. An allocation that grows is one allocation.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderValue, Request, StatusCode};
use session::MemoryStore;
use session_tests::print_figure;
use tower::{Layer, Service};

use support::apps::{self, request};
use support::count::valgrind;
use support::data::Data;
use support::hand::Store;

const SHORT: u64 = 300;
const LONG: u64 = 1500;

/// Case, contestant, its app, the path, and the most it may cost.
type Row = (&'static str, &'static str, fn() -> Router, &'static str, Limit);

enum Limit {
    None,
    /// Instructions and allocations over plain axum.
    Most(f64, f64),
    /// Not more instructions than the case's hand-written row.
    ByHand,
}
use Limit::{ByHand, Most, None as Free};

const PLAIN: &str = "plain axum";
const BY_HAND: &str = "by hand";

const ROWS: [Row; 18] = [
    ("untouched", PLAIN, plain, "/untouched", Free),
    ("untouched", "idle layer", idle, "/untouched", Free),
    ("untouched", BY_HAND, by_hand, "/untouched", Free),
    ("untouched", "ours", ours, "/untouched", Most(1500.0, 4.0)),
    ("first visit", PLAIN, plain, "/read", Free),
    ("first visit", "idle layer", idle, "/read", Free),
    ("first visit", BY_HAND, by_hand, "/read", Free),
    ("first visit", "ours", ours, "/read", Most(2500.0, f64::MAX)),
    ("read", PLAIN, plain, "/read", Free),
    ("read", "idle layer", idle, "/read", Free),
    ("read", BY_HAND, by_hand, "/read", Free),
    ("read", "ours", ours, "/read", ByHand),
    ("increment", PLAIN, plain, "/increment", Free),
    ("increment", "idle layer", idle, "/increment", Free),
    ("increment", BY_HAND, by_hand, "/increment", Free),
    ("increment", "ours, `visits += 1`", ours, "/increment", ByHand),
    ("increment", "ours, `set_visits`", ours, "/set", ByHand),
    ("increment", "ours, counter `add_visits`", counted, "/increment", ByHand),
];

fn plain() -> Router {
    Router::new()
        .route("/untouched", get(async || "ok"))
        .route("/read", get(async || black_box(7_u64).to_string()))
        .route("/increment", get(async || (black_box(7_u64) + 1).to_string()))
        .route("/fill", get(async || "ok"))
}

fn idle() -> Router {
    plain().layer(IdleLayer)
}

fn by_hand() -> Router {
    apps::by_hand(Store::memory())
}

fn ours() -> Router {
    apps::ours(MemoryStore::new())
}

fn counted() -> Router {
    apps::counted(MemoryStore::new())
}

/// A layer that does nothing: shows the price of a layer in axum itself.
#[derive(Clone)]
struct IdleLayer;

#[derive(Clone)]
struct Idle<Inner>(Inner);

impl<Inner> Layer<Inner> for IdleLayer {
    type Service = Idle<Inner>;

    fn layer(&self, inner: Inner) -> Idle<Inner> {
        Idle(inner)
    }
}

impl<R, Inner: Service<R>> Service<R> for Idle<Inner> {
    type Response = Inner::Response;
    type Error = Inner::Error;
    type Future = Inner::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Inner::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Inner::Future {
        self.0.call(request)
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [run, row, requests] = &args[..]
        && run == "run"
    {
        let (case, _, app, path, _) = &ROWS[row.parse::<usize>().expect("a row")];
        let requests = requests.parse().expect("a number of requests");
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            // As `axum::serve` does: routes are built once, and not for each request.
            .block_on(run_row(app().with_state(()), path, *case != "first visit", requests));
    }
    let wanted = args.iter().find(|arg| !arg.starts_with('-'));
    report(wanted.map_or("", String::as_str));
}

/// The program that valgrind runs.
async fn run_row(mut app: Router, path: &'static str, has_cookie: bool, requests: u64) {
    let cookie = apps::fill(&app).await;
    // An app without sessions gets a cookie of the same length.
    let cookie = cookie.unwrap_or(HeaderValue::from_static("__Host-shop=AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQr"));
    let cookie = has_cookie.then_some(cookie);
    for _ in 0..requests {
        black_box(ask(&mut app, request(path, cookie.as_ref())).await);
    }
    if path == "/increment" {
        let read = ask(&mut app, request("/read", cookie.as_ref())).await;
        let body = axum::body::to_bytes(read.into_body(), 64).await;
        let visits = body.expect("a body");
        assert!(visits == requests.to_string() || visits == "7", "{visits:?} visits");
    }
}

async fn ask(app: &mut Router, request: Request<Body>) -> axum::response::Response {
    let answer: Result<_, Infallible> = app.call(request).await;
    let response = answer.unwrap_or_else(|never| match never {});
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// Instructions, allocations and bytes of one request.
type Cost = [f64; 3];

fn report(wanted: &str) {
    let json = serde_json::to_vec(&Data::sample()).expect("JSON");
    assert_eq!(json.len(), 570);
    println!("Over plain axum, for one request:\n");
    println!("| case | contestant | instructions | allocations | bytes | target |");
    println!("| --- | --- | ---: | ---: | ---: | --- |");
    let mut measured = HashMap::<_, Cost>::new();
    let mut base = Cost::default();
    for (index, (case, contestant, _, _, limit)) in ROWS.iter().enumerate() {
        if !case.contains(wanted) {
            continue;
        }
        let cost = cost(index);
        if *contestant == PLAIN {
            base = cost;
            let [instructions, allocations, bytes] = cost;
            println!("| {case} | plain axum itself | {instructions:.0} | {allocations:.1} | {bytes:.0} | |");
            continue;
        }
        let over: Cost = std::array::from_fn(|figure| cost[figure] - base[figure]);
        measured.insert((case, contestant), over);
        let [instructions, allocations, bytes] = over;
        let verdict = match limit {
            Free => String::new(),
            Most(most, f64::MAX) => verdict(instructions <= *most, &format!("{most}")),
            Most(most, blocks) => {
                verdict(instructions <= *most && allocations.round() <= *blocks, &format!("{most} and {blocks}"))
            },
            ByHand => {
                let [by_hand, ..] = measured[&(case, &BY_HAND)];
                verdict(instructions <= by_hand, &format!("by hand; {:.2} of it", instructions / by_hand))
            },
        };
        println!("| {case} | {contestant} | {instructions:+.0} | {allocations:+.1} | {bytes:+.0} | {verdict} |");
    }
    println!();
    for (case, contestant, ..) in &ROWS {
        if let Some([instructions, allocations, _]) = measured.get(&(case, contestant)) {
            print_figure(format_args!("{case}, {contestant}"), format_args!("{instructions:.0} ({allocations:.0})"));
        }
    }
}

fn verdict(met: bool, target: &str) -> String {
    let word = if met { "met" } else { "MISSED" };
    format!("{word} (≤ {target})")
}

fn cost(row: usize) -> Cost {
    let [short, long] = [SHORT, LONG].map(|requests| {
        let args = ["run".into(), row.to_string(), requests.to_string()];
        let [instructions] = valgrind("callgrind", &args, "Collected :");
        let [bytes, blocks] = valgrind("dhat", &args, "Total:");
        [instructions, blocks, bytes]
    });
    std::array::from_fn(|figure| (long[figure] - short[figure]) / (LONG - SHORT) as f64)
}
