//! Sealed cookies: the seal, and the content under it.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use http::header::COOKIE;
use http::{HeaderValue, Request, StatusCode};
use session::testing::ManualClock;
use session::{CookiePolicy, KeyRing, SealedCookie, Session, SessionId, Sessions};
use session_tests::client::{Answer, ask};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};

use crate::harness::Target;
use crate::records::payload;

#[derive(Session)]
#[session(idle = "30m", absolute = "12h")]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
}

/// A published cookie, and the app that opens it.
struct Vector {
    app: Router,
    key: Vec<u8>,
    cookie: String,
    is_readable: bool,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("../it/vectors/sealed_1.txt").lines().filter(|line| !line.starts_with('#'));
    let vectors = lines.map(|line| {
        let [mode, secret, cookie, _] = line.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
        let store = SealedCookie::new(KeyRing::parse(secret).unwrap());
        let is_readable = mode == "signed";
        let sessions = Sessions::<Shop>::builder()
            .store(if is_readable { store.readable() } else { store })
            .cookie(CookiePolicy::host("sid"))
            .clock(ManualClock::new())
            .build()
            .unwrap();
        let show = async |session: Session<Shop>| session.id().map_or_else(String::new, |id| id.to_string());
        let app = Router::new().route("/", get(show)).layer(sessions.layer());
        let key = BASE64URL.decode(&secret[5..48]).unwrap();
        Vector { app, key, cookie: cookie.to_owned(), is_readable }
    });
    vectors.collect()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// The answer to a request with this cookie; `None` if it cannot be in a header.
fn send(runtime: &Runtime, app: &Router, value: &[u8]) -> Option<Answer> {
    let header = HeaderValue::from_bytes(&[b"__Host-sid=", value].concat()).ok()?;
    let request = Request::get("/").header(COOKIE, header).body(Body::empty()).unwrap();
    Some(runtime.block_on(ask(app, request)))
}

/// A cookie that differs from a sealed one opens nothing, also if it is put together from several of them.
#[test]
fn sealed_value() {
    let (runtime, vectors) = (runtime(), vectors());
    let known: Vec<&[u8]> = vectors.iter().map(|vector| vector.cookie.as_bytes()).collect();
    let mut target = Target::new("sealed_value", &["A", "=", "_", "-", "Ag", "BA", "AAAA", "\"", "%41"]);
    for vector in &vectors {
        assert_ne!(send(&runtime, &vector.app, vector.cookie.as_bytes()).unwrap().text, "");
        target = target.seed(vector.cookie.clone());
    }
    target.inputs(300).run(|input| {
        let header_end = input.iter().position(|byte| *byte == b';').unwrap_or(input.len());
        for vector in vectors.iter().filter(|_| !known.contains(&&input[..header_end])) {
            if let Some(answer) = send(&runtime, &vector.app, input) {
                assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""), "an altered cookie opens");
                assert_eq!(answer.set_cookie(), None);
            }
        }
        format!("{}", known.contains(&input))
    });
}

/// HMAC with SHA-256 (RFC 2104). The key has at most 64 bytes.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = parts.iter().fold(Sha256::new_with_prefix(pad(0x36)), |hash, part| hash.chain_update(part)).finalize();
    Sha256::new_with_prefix(pad(0x5c)).chain_update(inner).finalize().into()
}

/// The cookie whose content is `plain`, signed with the key.
fn sign(key: &[u8], head: &[u8], plain: &[u8]) -> String {
    let prefixed = |part: &[u8]| [&u16::try_from(part.len()).unwrap().to_be_bytes()[..], part].concat();
    let extracted = hmac(b"typed-session/v1", &[key]);
    let subkey = hmac(&extracted, &[b"sign:hmac-sha256", &[1]]);
    let (version, key_id) = head.split_at(1);
    let parts: Vec<Vec<u8>> =
        [b"typed-session/v1/sign", &b"__Host-sid"[..], b"shop", key_id, &[version, plain].concat()]
            .map(prefixed)
            .to_vec();
    let tag = hmac(&subkey, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    BASE64URL.encode([head, plain, &tag].concat())
}

/// The id, user and payload in `plain`, if the documented layout of a session before it is sealed allows it at `now`.
fn content(plain: &[u8], now: u64) -> Option<(SessionId, Vec<u8>, Vec<u8>)> {
    const MINUTE: u64 = 60_000;
    let number = |at: usize, length: usize| {
        let bytes = plain.get(at..at + length)?;
        Some(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let (version, form, user) = (number(0, 2)?, number(2, 1)?, usize::try_from(number(43, 2)?).ok()?);
    let (issued, idle, absolute) = (number(3, 8)?, number(11, 8)?, number(19, 8)?);
    let is_timely = issued <= now + MINUTE
        && idle <= absolute
        && absolute <= issued.saturating_add(400 * 24 * 60 * MINUTE)
        && now < idle.min(issued.saturating_add(12 * 60 * MINUTE));
    let rest = plain.get(45 + user..)?;
    let payload_bytes = match form {
        1 => rest,
        2 => {
            let (length, rest) = rest.split_first_chunk()?;
            let (payload, padding) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            padding.iter().all(|byte| *byte == 0).then_some(payload)?
        },
        _ => return None,
    };
    payload(payload_bytes)?;
    let id = SessionId::from_bytes(plain[27..43].try_into().unwrap());
    (version > 0 && is_timely).then(|| (id, plain[45..45 + user].to_vec(), payload_bytes.to_vec()))
}

/// Of content under a right signature, a session opens as the documented layout says, and no other content does harm.
#[test]
fn sealed_content() {
    let (runtime, vectors) = (runtime(), vectors());
    let readable: Vec<&Vector> = vectors.iter().filter(|vector| vector.is_readable).collect();
    let mut target = Target::new("sealed_content", &["\0\u{1}", "\u{2}", "\0\0\0\0\0\0\0\0", "\u{4}shop", "\u{1}"]);
    let sealed = |vector: &Vector| BASE64URL.decode(&vector.cookie).unwrap();
    for vector in &readable {
        let sealed = sealed(vector);
        target = target.seed(&sealed[5..sealed.len() - 32]);
    }
    let (vector, head) = (readable[0], &sealed(readable[0])[..5]);
    target.run(|input| {
        let cookie = sign(&vector.key, head, input);
        if cookie.len() > 3_500 {
            return "too large".into();
        }
        let answer = send(&runtime, &vector.app, cookie.as_bytes()).unwrap();
        let now = 1_767_225_600_000;
        let expected = content(input, now);
        match &expected {
            None => assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "")),
            Some((id, ..)) if answer.status == StatusCode::OK => assert_eq!(answer.text, id.to_string()),
            Some(_) => {},
        }
        // A read moves the idle deadline, also of a session that this release cannot decode.
        let set = answer.set_cookie().map(|set| set.split(['=', ';']).nth(1).unwrap());
        let resealed = set.map(|value| BASE64URL.decode(value).unwrap());
        if let Some(resealed) = &resealed {
            let content = content(&resealed[5..resealed.len() - 32], now);
            assert!(content.is_some() && content == expected, "the content stays as it is");
        }
        format!("{} {} {}", answer.status, expected.is_some(), resealed.is_some())
    });
}
