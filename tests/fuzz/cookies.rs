//! The `Cookie` header and the token.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::COOKIE;
use http::{HeaderValue, Request, StatusCode};
use session::store::Record;
use session::testing::{FailingStore, ManualClock};
use session::{CookiePolicy, MemoryStore, Session, SessionId, Sessions, Store as _, Timestamp};
use session_tests::client::ask;
use tokio::runtime::{Builder, Runtime};

use crate::harness::{Target, records};

#[derive(Session)]
struct Shop {
    visits: u64,
}

const NAME: &[u8] = b"__Host-sid";
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An app with one stored session.
struct World {
    runtime: Runtime,
    app: Router,
    store: FailingStore<MemoryStore>,
    token: String,
    id: String,
}

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (token, record) = records().pop().unwrap();
        let store = FailingStore::new(MemoryStore::new());
        // 16 bytes after the version.
        let id = SessionId::from_bytes(*decode_base64url(token.as_bytes()).unwrap()[1..].first_chunk().unwrap());
        let record = Record::decode(record).unwrap();
        let _ = runtime.block_on(store.inner().create(id, &record, Timestamp::from_millis(0))).unwrap();
        let sessions = Sessions::<Shop>::builder()
            .store(store.clone())
            .cookie(CookiePolicy::host("sid"))
            .clock(ManualClock::new())
            .build()
            .unwrap();
        let show = async |session: Session<Shop>| session.id().map_or_else(String::new, |id| id.to_string());
        let app = Router::new().route("/", get(show)).layer(sessions.layer());
        Self { runtime, app, store, token, id: id.to_string() }
    }

    /// Sends these `Cookie` headers, and compares the answer with that of the reference parser.
    fn check(&self, headers: &[Vec<u8>]) -> String {
        let mut request = Request::get("/");
        for header in headers {
            request = request.header(COOKIE, HeaderValue::from_bytes(header).unwrap());
        }
        self.store.reset_calls();
        let answer = self.runtime.block_on(ask(&self.app, request.body(Body::empty()).unwrap()));
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.set_cookie(), None, "a read of a session that needs no write");
        let calls = self.store.calls();
        assert_eq!(calls.writes(), 0);

        let mut values: Vec<&[u8]> = headers.iter().flat_map(|header| values(header)).collect();
        values.dedup();
        let (outcome, id, loads) = match values[..] {
            [] => ("no cookie", "", 0),
            [value] if value == self.token.as_bytes() => ("the session", self.id.as_str(), 1),
            [value] if is_token(value) => ("a token of no session", "", 1),
            [_] => ("not a token", "", 0),
            _ => ("values that differ", "", 0),
        };
        assert_eq!((answer.text.as_str(), calls.loads), (id, loads), "{outcome}");
        outcome.into()
    }
}

/// Every value that a header gives the session cookie.
fn values(header: &[u8]) -> Vec<&[u8]> {
    let mut values = Vec::new();
    for pair in header.split(|byte| *byte == b';') {
        let mut pair = pair;
        while let [b' ' | b'\t', rest @ ..] = pair {
            pair = rest;
        }
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        if let (Some(NAME), Some(value)) = (parts.next(), parts.next()) {
            values.push(value);
        }
    }
    values
}

/// The bytes of canonical base64url without padding.
fn decode_base64url(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text {
        let digit = u32::try_from(ALPHABET.iter().position(|known| known == letter)?).unwrap();
        (bits, count) = (bits << 6 | digit, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count).unwrap());
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0 && count < 6).then_some(bytes)
}

fn is_token(value: &[u8]) -> bool {
    decode_base64url(value).is_some_and(|bytes| bytes.len() == 33 && bytes[0] == 1)
}

/// What no server passes on in a header is left out.
fn header_value(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)).collect()
}

/// Among any other cookies, the session cookie is found, ignored or refused as the reference parser says, and the store
/// is asked only for a token.
#[test]
fn cookie_header() {
    let world = World::new();
    let token = world.token.clone();
    let own = format!("__Host-sid={token}");
    let words = ["__Host-sid", "__Host-sid=", &own, ";", "; ", "=", "\"", "\t", "\n", "%5F", "\u{a0}"];
    let target = Target::new("cookie_header", &words)
        .seed(format!("a=1; {own}; b=2"))
        .seed(format!("{own}\n{own}"))
        .seed(format!("{own}\nx=\"; __Host-sid=b; y=\""));
    target.run(|input| {
        let headers: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(header_value).collect();
        world.check(&headers)
    });
}

/// A token has one spelling: every other value opens nothing.
#[test]
fn token() {
    let world = World::new();
    let target = Target::new("token", &["A", "=", "_", "-", "+", "/", "%3D", "\"", " "]).seed(world.token.clone());
    target.run(|input| world.check(&[[NAME, b"=", &header_value(input)].concat()]));
}

/// A text that is read as a session's id is what the id is written as.
#[test]
fn session_id() {
    let target = Target::new("session_id", &["A", "=", "_", "-", "+", "/"]).seed("oKCgoKCgoKCgoKCgoKCgoA");
    target.inputs(20_000).run(|input| {
        let text = String::from_utf8_lossy(input);
        let expected = decode_base64url(text.as_bytes()).filter(|bytes| bytes.len() == 16);
        let read: Result<SessionId, _> = text.parse();
        assert_eq!(read.ok().map(|id| id.as_bytes().to_vec()), expected);
        if let Ok(id) = read {
            assert_eq!((id.to_string(), &id.to_chars()[..]), (text.clone().into_owned(), text.as_bytes()));
        }
        format!("{}", read.is_ok())
    });
}
