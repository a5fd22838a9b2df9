//! Malformed and foreign cookies: the client has no session, the store is not called unless the cookie is a token,
//! nothing is written, and no `Set-Cookie` is sent.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::COOKIE;
use http::{HeaderValue, Request};
use session::testing::{Calls, FailingStore};
use session::{CookiePolicy, MemoryStore, Session, Sessions};
use session_tests::client::{Answer, ask};

#[derive(Session)]
struct Shop {
    name: String,
}

struct App {
    router: Router,
    store: FailingStore<MemoryStore>,
}

impl App {
    fn new() -> Self {
        let store = FailingStore::new(MemoryStore::new());
        let sessions =
            Sessions::<Shop>::builder().store(store.clone()).cookie(CookiePolicy::host("sid")).build().unwrap();
        let router = Router::new()
            .route("/", get(async |session: Session<Shop>| session.name.clone()))
            .route("/good", get(async |mut session: Session<Shop>| session.set_name("good")))
            .route("/evil", get(async |mut session: Session<Shop>| session.set_name("evil")))
            .layer(sessions.layer());
        Self { router, store }
    }

    /// The token of a new session with this name.
    async fn token(&self, name: &str) -> String {
        let answer = self.send(&format!("/{name}"), &[]).await.0;
        answer.set_cookie().unwrap()["__Host-sid=".len()..].split(';').next().unwrap().to_owned()
    }

    async fn send(&self, path: &str, cookies: &[&[u8]]) -> (Answer, Calls) {
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        for cookie in cookies {
            request.headers_mut().append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        }
        self.store.reset_calls();
        (ask(&self.router, request).await, self.store.calls())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// No session, without a store call.
    NoSession,
    /// No session, after one load.
    Unknown,
    /// The good session.
    Good,
}
use Outcome::{Good, NoSession, Unknown};

/// `{G}` and `{E}` stand for the tokens of the good and the evil session, `{R}` for a token that was never issued; `|`
/// separates `Cookie` headers. The numbers are those of the project's list of bad inputs.
const TABLE: &[(&str, &[u8], Outcome)] = &[
    ("0 the good token", b"__Host-sid={G}", Good),
    ("1 percent-encoded name", b"%5F%5FHost-sid={E}", NoSession),
    ("2 percent-encoded name after the real name", b"__Host-sid={G}; %5F%5FHost-sid={E}", Good),
    ("3 half-encoded name", b"__%48ost-sid={E}", NoSession),
    ("4 lower case", b"__host-sid={E}", NoSession),
    ("4 upper case", b"__HOST-SID={E}", NoSession),
    ("5 nameless", b"=__Host-sid={E}", NoSession),
    ("6 U+2000 before the name", b"\xe2\x80\x80__Host-sid={E}", NoSession),
    ("6 U+00A0 before the name", b"\xc2\xa0__Host-sid={E}", NoSession),
    ("6 0x85 before the name", b"\x85__Host-sid={E}", NoSession),
    ("7 RFC 2109 attributes", b"$Version=1; __Host-sid={G}; $Path=/", Good),
    ("8 between two cookies that form a quoted string", b"x=\"; __Host-sid={E}; y=\"|__Host-sid={G}", NoSession),
    ("9 two different values", b"__Host-sid={G}; __Host-sid={E}", NoSession),
    ("9 two different values in two headers", b"__Host-sid={G}|__Host-sid={E}", NoSession),
    ("9 one of two values is malformed", b"__Host-sid={G}; __Host-sid=junk", NoSession),
    ("10 the same value twice", b"__Host-sid={G}; __Host-sid={G}", Good),
    ("10 the same value in two headers", b"__Host-sid={G}|__Host-sid={G}", Good),
    ("10 one header for each cookie, as in HTTP/2", b"a=1|b=2|__Host-sid={G}|c=3", Good),
    ("11 a byte that is not ASCII in another cookie", b"junk=\xe9; __Host-sid={G}", Good),
    ("12 quoted", b"__Host-sid=\"{G}\"", NoSession),
    ("13 a space before the equals sign", b"__Host-sid ={G}", NoSession),
    ("13 a tab before the equals sign", b"__Host-sid\t={G}", NoSession),
    ("14 a comma", b"__Host-sid={G},x=1", NoSession),
    ("15 empty", b"__Host-sid=", NoSession),
    ("16 version 0", b"__Host-sid=AKChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", NoSession),
    ("16 version 2", b"__Host-sid=AqChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", NoSession),
    ("16 version 255", b"__Host-sid=_6ChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", NoSession),
    ("17 the right id, another verifier", b"__Host-sid={G id}{E verifier}", Unknown),
    ("18 zeros", b"__Host-sid=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Unknown),
    ("18 all A", b"__Host-sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NoSession),
    ("18 all _", b"__Host-sid=____________________________________________", NoSession),
    ("3 never issued", b"__Host-sid={R}", Unknown),
    ("24 no equals sign", b"__Host-sid", NoSession),
    ("24 a semicolon", b";", NoSession),
    ("24 nothing", b"", NoSession),
];

#[tokio::test]
async fn every_cookie_has_its_outcome() {
    let app = App::new();
    let (good, evil) = (app.token("good").await, app.token("evil").await);
    let mut rows: Vec<(String, Vec<u8>, Outcome)> =
        TABLE.iter().map(|(name, cookie, outcome)| ((*name).to_owned(), cookie.to_vec(), *outcome)).collect();
    let mut add = |name: &str, cookie: String, outcome| rows.push((name.to_owned(), cookie.into_bytes(), outcome));
    for (name, length) in [("15 43 characters", 43), ("15 45 characters", 45)] {
        add(name, format!("__Host-sid={:A<length$}", good.get(..43).unwrap()), NoSession);
    }
    for odd in ['+', '/', '=', '.', ' ', '\t', '%'] {
        add(&format!("15 a {odd:?} within"), format!("__Host-sid={}{odd}{}", &good[..20], &good[21..]), NoSession);
    }
    add("19 percent-encoded value", format!("__Host-sid=%41{}", &good[1..]), NoSession);
    add("20 a hundred cookies, the token last", format!("{}__Host-sid={good}", "a=b; ".repeat(100)), Good);
    add("20 five hundred cookies", format!("{}__Host-sid={good}", "a=b; ".repeat(500)), Good);
    add("20 a thousand empty pairs", format!("{}__Host-sid={good}", ";".repeat(1000)), Good);
    add("21 the token and 7.9 kB of other cookies", format!("__Host-sid={good}; x={}", "y".repeat(7900)), Good);
    add("21 a value of 8 kB", format!("__Host-sid={}", "A".repeat(8192)), NoSession);
    add("22 a value of 4 kB", format!("__Host-sid={}", "A".repeat(4096)), NoSession);
    add("23 a header of a megabyte", format!("__Host-sid={good}; {}", "x=y; ".repeat(200_000)), Good);
    let never = "AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
    // The boundary of id and verifier is within a character, so the token is assembled from bits.
    let mixed = mix(&good, &evil);
    for (name, cookie, outcome) in rows {
        let cookie = replace(&cookie, b"{G id}{E verifier}", mixed.as_bytes());
        let cookie = [(&b"{G}"[..], &good), (b"{E}", &evil)]
            .iter()
            .fold(cookie, |cookie, (mark, token)| replace(&cookie, mark, token.as_bytes()));
        let cookie = replace(&cookie, b"{R}", never.as_bytes());
        let headers: Vec<&[u8]> = cookie.split(|byte| *byte == b'|').collect();
        let (answer, calls) = app.send("/", &headers).await;
        let got = match (&*answer.text, calls.loads) {
            ("", 0) => NoSession,
            ("", 1) => Unknown,
            ("good", 1) => Good,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!((answer.status.as_u16(), got), (200, outcome), "{name}");
        assert_eq!(calls.writes(), 0, "{name}");
        assert_eq!(answer.set_cookie(), None, "{name}");
    }
}

/// A request that writes with a token that was never issued gets a new session id, so a planted token is useless
/// (session fixation).
#[tokio::test]
async fn a_planted_token_is_not_adopted() {
    let app = App::new();
    let planted = "AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
    let cookie = format!("__Host-sid={planted}");
    let (answer, _) = app.send("/good", &[cookie.as_bytes()]).await;
    let issued = answer.set_cookie().unwrap();
    assert!(!issued.contains(&planted[..20]), "a new id");
    let (answer, _) = app.send("/", &[cookie.as_bytes()]).await;
    assert_eq!(answer.text, "");
}

/// Requests that only read store nothing, whatever cookie they send.
#[tokio::test]
async fn reading_requests_store_nothing() {
    let app = App::new();
    for number in 0_u32..5_000 {
        let bytes = format!("{number:0>43}");
        let cookie = format!("__Host-sid=A{bytes}");
        let (answer, calls) = app.send("/", &[cookie.as_bytes()]).await;
        assert_eq!((answer.status.as_u16(), calls.writes()), (200, 0));
        assert!(calls.loads <= 1);
    }
    assert!(app.store.inner().is_empty());
}

fn replace(text: &[u8], mark: &[u8], with: &[u8]) -> Vec<u8> {
    let Some(at) = text.windows(mark.len()).position(|window| window == mark) else {
        return text.to_vec();
    };
    let rest = replace(&text[at + mark.len()..], mark, with);
    [&text[..at], with, &rest].concat()
}

/// The id of one token with the verifier of another.
fn mix(id: &str, verifier: &str) -> String {
    let bytes = |token: &str| {
        let mut bits = String::new();
        for letter in token.bytes() {
            let value = ALPHABET.iter().position(|known| *known == letter).unwrap();
            bits.push_str(&format!("{value:06b}"));
        }
        bits
    };
    let bits = [&bytes(id)[..136], &bytes(verifier)[136..]].concat();
    (0..44).map(|at| ALPHABET[usize::from_str_radix(&bits[at * 6..at * 6 + 6], 2).unwrap()] as char).collect()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
