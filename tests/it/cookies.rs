//! Every bad cookie there is, and what becomes of it: anonymous, no store call where none is allowed, no write, no `Set-Cookie`.

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

struct World {
    app: Router,
    store: FailingStore<MemoryStore>,
}

impl World {
    fn new() -> Self {
        let store = FailingStore::new(MemoryStore::new());
        let sessions =
            Sessions::<Shop>::builder().store(store.clone()).cookie(CookiePolicy::host("sid")).build().unwrap();
        let app = Router::new()
            .route("/", get(async |session: Session<Shop>| session.name.clone()))
            .route("/good", get(async |mut session: Session<Shop>| session.set_name("good")))
            .route("/evil", get(async |mut session: Session<Shop>| session.set_name("evil")))
            .layer(sessions.layer());
        Self { app, store }
    }

    /// A token of a new session with this name.
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
        (ask(&self.app, request).await, self.store.calls())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Anonymous, and the store was not asked.
    Nobody,
    /// Anonymous, after one load.
    Unknown,
    /// The good session.
    Good,
}
use Outcome::{Good, Nobody, Unknown};

/// `{G}` and `{E}` stand for tokens of the good and the evil session, `{R}` for one that was never issued; `|` begins another `Cookie` header.
/// The numbers are those of the project's list of bad inputs.
const TABLE: &[(&str, &[u8], Outcome)] = &[
    ("0 the good one", b"__Host-sid={G}", Good),
    ("1 percent-encoded name", b"%5F%5FHost-sid={E}", Nobody),
    ("2 percent-encoded name after the real one", b"__Host-sid={G}; %5F%5FHost-sid={E}", Good),
    ("3 half-encoded name", b"__%48ost-sid={E}", Nobody),
    ("4 lower case", b"__host-sid={E}", Nobody),
    ("4 upper case", b"__HOST-SID={E}", Nobody),
    ("5 nameless", b"=__Host-sid={E}", Nobody),
    ("6 U+2000 before the name", b"\xe2\x80\x80__Host-sid={E}", Nobody),
    ("6 U+00A0 before the name", b"\xc2\xa0__Host-sid={E}", Nobody),
    ("6 0x85 before the name", b"\x85__Host-sid={E}", Nobody),
    ("7 RFC 2109 attributes", b"$Version=1; __Host-sid={G}; $Path=/", Good),
    ("8 quote sandwich", b"x=\"; __Host-sid={E}; y=\"|__Host-sid={G}", Nobody),
    ("9 two that disagree", b"__Host-sid={G}; __Host-sid={E}", Nobody),
    ("9 two that disagree, across headers", b"__Host-sid={G}|__Host-sid={E}", Nobody),
    ("9 one of two is junk", b"__Host-sid={G}; __Host-sid=junk", Nobody),
    ("10 the same twice", b"__Host-sid={G}; __Host-sid={G}", Good),
    ("10 the same across headers", b"__Host-sid={G}|__Host-sid={G}", Good),
    ("10 crumbs", b"a=1|b=2|__Host-sid={G}|c=3", Good),
    ("11 a byte beyond ASCII elsewhere", b"junk=\xe9; __Host-sid={G}", Good),
    ("12 quoted", b"__Host-sid=\"{G}\"", Nobody),
    ("13 a space before the equals sign", b"__Host-sid ={G}", Nobody),
    ("13 a tab before the equals sign", b"__Host-sid\t={G}", Nobody),
    ("14 a comma", b"__Host-sid={G},x=1", Nobody),
    ("15 empty", b"__Host-sid=", Nobody),
    ("16 version 0", b"__Host-sid=AKChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", Nobody),
    ("16 version 2", b"__Host-sid=AqChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", Nobody),
    ("16 version 255", b"__Host-sid=_6ChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f", Nobody),
    ("17 the right id, another verifier", b"__Host-sid={G id}{E verifier}", Unknown),
    ("18 zeros", b"__Host-sid=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Unknown),
    ("18 all A", b"__Host-sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Nobody),
    ("18 all _", b"__Host-sid=____________________________________________", Nobody),
    ("3 never issued", b"__Host-sid={R}", Unknown),
    ("24 no equals sign", b"__Host-sid", Nobody),
    ("24 a semicolon", b";", Nobody),
    ("24 nothing", b"", Nobody),
];

#[tokio::test]
async fn the_table() {
    let world = World::new();
    let (good, evil) = (world.token("good").await, world.token("evil").await);
    let mut rows: Vec<(String, Vec<u8>, Outcome)> =
        TABLE.iter().map(|(name, cookie, outcome)| ((*name).to_owned(), cookie.to_vec(), *outcome)).collect();
    let mut add = |name: &str, cookie: String, outcome| rows.push((name.to_owned(), cookie.into_bytes(), outcome));
    for (name, length) in [("15 43 characters", 43), ("15 45 characters", 45)] {
        add(name, format!("__Host-sid={:A<length$}", good.get(..43).unwrap()), Nobody);
    }
    for odd in ['+', '/', '=', '.', ' ', '\t', '%'] {
        add(&format!("15 a {odd:?} within"), format!("__Host-sid={}{odd}{}", &good[..20], &good[21..]), Nobody);
    }
    add("19 percent-encoded value", format!("__Host-sid=%41{}", &good[1..]), Nobody);
    add("20 a hundred cookies, ours last", format!("{}__Host-sid={good}", "a=b; ".repeat(100)), Good);
    add("20 five hundred", format!("{}__Host-sid={good}", "a=b; ".repeat(500)), Good);
    add("20 a thousand empty pairs", format!("{}__Host-sid={good}", ";".repeat(1000)), Good);
    add("21 ours and 7.9 kB of others", format!("__Host-sid={good}; x={}", "y".repeat(7900)), Good);
    add("21 a value of 8 kB", format!("__Host-sid={}", "A".repeat(8192)), Nobody);
    add("22 a value of 4 kB", format!("__Host-sid={}", "A".repeat(4096)), Nobody);
    add("23 a header of a megabyte", format!("__Host-sid={good}; {}", "x=y; ".repeat(200_000)), Good);
    let never = "AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
    // Both parts end within a character, so the mixed token is put together from bytes.
    let mixed = mix(&good, &evil);
    for (name, cookie, outcome) in rows {
        let cookie = replace(&cookie, b"{G id}{E verifier}", mixed.as_bytes());
        let cookie = [(&b"{G}"[..], &good), (b"{E}", &evil)]
            .iter()
            .fold(cookie, |cookie, (mark, token)| replace(&cookie, mark, token.as_bytes()));
        let cookie = replace(&cookie, b"{R}", never.as_bytes());
        let headers: Vec<&[u8]> = cookie.split(|byte| *byte == b'|').collect();
        let (answer, calls) = world.send("/", &headers).await;
        let got = match (&*answer.text, calls.loads) {
            ("", 0) => Nobody,
            ("", 1) => Unknown,
            ("good", 1) => Good,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!((answer.status.as_u16(), got), (200, outcome), "{name}");
        assert_eq!(calls.writes(), 0, "{name}");
        assert_eq!(answer.set_cookie(), None, "{name}");
    }
}

/// A request that writes under a token that was never issued gets a session of its own (no fixation).
#[tokio::test]
async fn a_planted_token_is_never_adopted() {
    let world = World::new();
    let planted = "AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
    let cookie = format!("__Host-sid={planted}");
    let (answer, _) = world.send("/good", &[cookie.as_bytes()]).await;
    let issued = answer.set_cookie().unwrap();
    assert!(!issued.contains(&planted[..20]), "another id");
    let (answer, _) = world.send("/", &[cookie.as_bytes()]).await;
    assert_eq!(answer.text, "");
}

/// Nothing is stored for visitors who only look, whatever they send.
#[tokio::test]
async fn visitors_fill_no_store() {
    let world = World::new();
    for number in 0_u32..5_000 {
        let bytes = format!("{number:0>43}");
        let cookie = format!("__Host-sid=A{bytes}");
        let (answer, calls) = world.send("/", &[cookie.as_bytes()]).await;
        assert_eq!((answer.status.as_u16(), calls.writes()), (200, 0));
        assert!(calls.loads <= 1);
    }
    assert!(world.store.inner().is_empty());
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
