//! What a session in its cookie costs a request, against the same primitives called by hand: instructions, by valgrind.
//!
//! ```sh
//! cargo bench -p session-tests --bench sealed                # needs valgrind
//! ```
//!
//! By hand is what one would write without a library: an extractor that opens the cookie with XChaCha20-Poly1305 and
//! decodes one serde struct from JSON, and a response header that seals it again. It does less than a session library
//! must. Each figure is that of a run of [`LONG`] requests less one of [`SHORT`], divided by their difference, less
//! plain axum's.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::convert::Infallible;
use std::hint::black_box;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use chacha20poly1305::aead::array::Array;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use session::{KeyRing, SealedCookie, SecretKey};
use session_tests::print_figure;
use tower::Service as _;

use support::apps::{self, request};
use support::count::valgrind;
use support::data::Data;

const SHORT: u64 = 200;
const LONG: u64 = 1000;
/// Of by hand's instructions.
const MOST: f64 = 1.15;

/// Contestant, its app, and the path.
type Row = (&'static str, fn() -> Router, &'static str);

const ROWS: [Row; 6] = [
    ("plain axum", plain, "/read"),
    ("by hand", by_hand, "/read"),
    ("ours", ours, "/read"),
    ("plain axum", plain, "/increment"),
    ("by hand", by_hand, "/increment"),
    ("ours", ours, "/increment"),
];

fn plain() -> Router {
    Router::new()
        .route("/read", get(async || black_box(7_u64).to_string()))
        .route("/increment", get(async || (black_box(7_u64) + 1).to_string()))
        .route("/fill", get(async || "ok"))
}

fn ours() -> Router {
    let key = SecretKey::generate().expect("random bytes");
    apps::ours(SealedCookie::new(KeyRing::new(key)))
}

fn by_hand() -> Router {
    let hand = Hand(XChaCha20Poly1305::new(&Array([7; 32])));
    Router::new()
        .route("/read", get(async |Opened(data): Opened| data.visits.to_string()))
        .route(
            "/increment",
            get(async |State(hand): State<Hand>, Opened(mut data): Opened| {
                data.visits += 1;
                (hand.set_cookie(&data), data.visits.to_string())
            }),
        )
        .route("/fill", get(async |State(hand): State<Hand>| (hand.set_cookie(&Data::sample()), "ok")))
        .with_state(hand)
}

#[derive(Clone)]
struct Hand(XChaCha20Poly1305);

struct Opened(Data);

const NAME: &str = "__Host-hand";
const NONCE: usize = 24;

impl Hand {
    fn set_cookie(&self, data: &Data) -> [(HeaderName, HeaderValue); 1] {
        let mut nonce = Array([0; NONCE]);
        getrandom::fill(&mut nonce).expect("random bytes");
        let mut sealed = Vec::with_capacity(1024);
        sealed.extend_from_slice(&nonce);
        serde_json::to_writer(&mut sealed, data).expect("JSON");
        let tag = self.0.encrypt_inout_detached(&nonce, NAME.as_bytes(), (&mut sealed[NONCE..]).into()).expect("short");
        sealed.extend_from_slice(&tag);
        let cookie = format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax", BASE64URL.encode(sealed));
        [(SET_COOKIE, HeaderValue::try_from(cookie).expect("ASCII"))]
    }

    fn open(&self, cookie: &str) -> Option<Data> {
        let mut sealed = BASE64URL.decode(cookie).ok()?;
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE>()?;
        let (text, tag) = rest.split_last_chunk_mut::<16>()?;
        self.0.decrypt_inout_detached(&Array(*nonce), NAME.as_bytes(), (&mut *text).into(), &Array(*tag)).ok()?;
        serde_json::from_slice(text).ok()
    }
}

impl FromRequestParts<Hand> for Opened {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, hand: &Hand) -> Result<Self, Infallible> {
        let headers = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = headers.flat_map(|value| value.split(';'));
        let cookie = pairs.find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
        Ok(Self(cookie.and_then(|cookie| hand.open(cookie)).unwrap_or_default()))
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [run, row, requests] = &args[..]
        && run == "run"
    {
        let (_, app, path) = &ROWS[row.parse::<usize>().expect("a row")];
        let requests = requests.parse().expect("a number of requests");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(run_row(app().with_state(()), path, requests));
    }
    report();
}

/// The program that valgrind runs. Each request sends the first cookie.
async fn run_row(mut app: Router, path: &'static str, requests: u64) {
    let cookie = apps::fill(&app).await;
    for _ in 0..requests {
        let answer: Result<_, Infallible> = app.call(request(path, cookie.as_ref())).await;
        let response = answer.unwrap_or_else(|never| match never {});
        assert_eq!(response.status(), StatusCode::OK);
        assert!(cookie.is_none() || response.headers().contains_key(SET_COOKIE) == (path == "/increment"));
        let body = black_box(axum::body::to_bytes(response.into_body(), 64).await.expect("a body"));
        assert!(cookie.is_none() || body == if path == "/read" { "0" } else { "1" }, "{body:?}");
    }
}

fn report() {
    println!("A session of {} bytes of JSON in its cookie, over plain axum, for one request:\n", {
        serde_json::to_vec(&Data::sample()).expect("JSON").len()
    });
    println!("| case | contestant | instructions | allocations | target |");
    println!("| --- | --- | ---: | ---: | --- |");
    let (mut base, mut hand, mut figures) = ([0.0; 2], 0.0, Vec::new());
    for (index, (contestant, _, path)) in ROWS.iter().enumerate() {
        let cost = cost(index);
        let case = if *path == "/read" { "open" } else { "open and seal" };
        let over: [f64; 2] = std::array::from_fn(|figure| cost[figure] - base[figure]);
        let [instructions, allocations] = over;
        let verdict = match *contestant {
            "plain axum" => {
                base = cost;
                println!("| {case} | plain axum itself | {:.0} | {:.1} | |", cost[0], cost[1]);
                continue;
            },
            "by hand" => {
                hand = instructions;
                String::new()
            },
            _ => {
                let ratio = instructions / hand;
                figures.push((case, ratio));
                let word = if ratio <= MOST { "met" } else { "MISSED" };
                format!("{word}: {ratio:.2} of by hand (≤ {MOST})")
            },
        };
        println!("| {case} | {contestant} | {instructions:+.0} | {allocations:+.1} | {verdict} |");
    }
    println!();
    for (case, ratio) in figures {
        print_figure(case, format_args!("{ratio:.2}"));
    }
}

fn cost(row: usize) -> [f64; 2] {
    let [short, long] = [SHORT, LONG].map(|requests| {
        let args = ["run".into(), row.to_string(), requests.to_string()];
        let [instructions] = valgrind("callgrind", &args, "Collected :");
        let [_, blocks] = valgrind("dhat", &args, "Total:");
        [instructions, blocks]
    });
    std::array::from_fn(|figure| (long[figure] - short[figure]) / (LONG - SHORT) as f64)
}
