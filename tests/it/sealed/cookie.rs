//! Sealed cookies: what they keep, for how long, under which keys, and what is refused.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use http::StatusCode;
use session::testing::ManualClock;
use session::{CookiePolicy, KeyRing, SealedCookie, SecretKey, Session, Sessions};
use session_tests::client::{Answer, Client};

use super::{NO_SESSION, Setup, app, client, key, read, ring, routes, value};

#[tokio::test]
async fn a_session_is_kept_in_its_cookie() {
    let keys = ring();
    let client = client(&keys);
    assert_eq!(client.get("/read").await.set_cookie(), None, "nothing to store");
    assert_eq!(client.get("/visit").await.number(), 1);
    assert_eq!(client.at(app(&keys)).get("/visit").await.number(), 2, "in another process");
    client.post("/fill").await;
    assert_eq!(client.get("/notice").await.text, "hello");
    assert_eq!(client.get("/notice").await.text, "", "read once");
    assert_eq!(client.get("/read").await.set_cookie(), None, "a read sets no cookie");
    client.post("/login/7").await;
    assert_eq!(client.get("/read").await.text, "Some(7) 0 0 dark");
    client.post("/logout").await;
    assert_eq!(client.get("/read").await.text, "None 0 0 dark");
    let gone = client.post("/destroy").await;
    assert!(gone.set_cookie().unwrap().contains("Max-Age=0"));
    assert_eq!(client.get("/read").await.text, NO_SESSION);
}

#[tokio::test]
async fn only_a_readable_cookie_shows_its_content() {
    for readable in [false, true] {
        let keys = ring();
        let store = SealedCookie::new(keys.clone());
        let client = Client::new(Setup::new(if readable { store.readable() } else { store }).app());
        client.get("/text/40").await;
        assert_eq!(client.get("/read").await.text, "None 0 40 ");
        let bytes = BASE64URL.decode(value(&client)).unwrap();
        assert_eq!(bytes.windows(40).any(|part| part == [b'a'; 40]), readable);
        assert_eq!(bytes[0], if readable { 4 } else { 2 });
        assert_eq!(
            bytes[1..5].iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            keys.primary().to_string()
        );
        let first = value(&client);
        client.get("/text/41").await;
        client.get("/text/40").await;
        assert_eq!(first == value(&client), readable, "an encrypted cookie has a new nonce each time");
    }
}

#[tokio::test]
async fn the_cookie_carries_its_deadlines() {
    let clock = ManualClock::new();
    let setup = Setup { clock: clock.clone(), ..Setup::new(SealedCookie::new(ring())) };
    let client = Client::new(setup.app());
    client.get("/visit").await;
    let first = client.cookie();
    clock.advance(Duration::from_mins(30) - Duration::from_millis(1));
    let touched = client.get("/read").await;
    assert_eq!(touched.text, "None 1 0 ");
    assert!(touched.set_cookie().is_some(), "a read moves the idle deadline");
    clock.advance(Duration::from_millis(1));
    assert_eq!(client.get("/read").await.text, "None 1 0 ");
    let second = client.cookie();
    client.set_cookie(first);
    assert_eq!(client.get("/read").await.text, NO_SESSION, "a session ends at its deadline");
    client.set_cookie(second);
    for _ in 0..23 {
        clock.advance(Duration::from_mins(30) - Duration::from_secs(1));
        assert_eq!(client.get("/read").await.text, "None 1 0 ");
    }
    clock.advance(Duration::from_mins(1));
    assert_eq!(client.get("/read").await.text, NO_SESSION, "the absolute deadline of twelve hours");
}

/// The current absolute timeout applies to older cookies too.
#[tokio::test]
async fn a_shorter_timeout_applies_to_older_cookies() {
    let (keys, clock) = (ring(), ManualClock::new());
    let short = |absolute| {
        let builder = Sessions::<super::Shop>::builder().store(SealedCookie::new(keys.clone())).clock(clock.clone());
        routes(
            &builder
                .cookie(CookiePolicy::host("sid"))
                .idle(Duration::from_mins(10))
                .absolute(absolute)
                .build()
                .unwrap(),
        )
    };
    let client = Client::new(short(Duration::from_hours(1)));
    client.get("/visit").await;
    clock.advance(Duration::from_mins(9));
    assert_eq!(client.get("/read").await.text, "None 1 0 ");
    clock.advance(Duration::from_mins(2));
    assert_eq!(client.at(short(Duration::from_mins(10))).get("/read").await.text, NO_SESSION);
}

/// The clocks of servers may differ; a cookie from more than a minute in the future is refused.
#[tokio::test]
async fn clocks_may_differ_by_at_most_a_minute() {
    let keys = ring();
    for (ahead, text) in [(60_000, "None 1 0 "), (60_001, NO_SESSION)] {
        let clock = ManualClock::new();
        let fast = Setup { clock: clock.clone(), ..Setup::new(SealedCookie::new(keys.clone())) };
        clock.advance(Duration::from_millis(ahead));
        let client = Client::new(fast.app());
        client.get("/visit").await;
        assert_eq!(client.at(app(&keys)).get("/read").await.text, text, "{ahead} ms ahead");
    }
}

#[tokio::test]
async fn a_cookie_under_an_older_key_is_resealed_once() {
    let [one, two, three] = [key(), key(), key()];
    let sealed_by = |client: &Client| BASE64URL.decode(value(client)).unwrap()[1..5].to_vec();
    let id = |key: &SecretKey| {
        let hex = key.id().to_string();
        (0..4).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<u8>>()
    };
    for others in [[&one, &two], [&two, &one]] {
        let rotated =
            others.iter().fold(KeyRing::new(three.clone()), |ring, key| ring.accepting((*key).clone()).unwrap());
        for old in [&one, &two] {
            let client = client(&KeyRing::new(old.clone()));
            client.post("/fill").await;
            assert_eq!(sealed_by(&client), id(old));
            let client = client.at(app(&rotated));
            assert_eq!(client.get("/read").await.text, "None 1 0 dark", "a read is enough");
            assert_eq!(sealed_by(&client), id(&three), "the primary key seals");
            assert_eq!(client.get("/read").await.set_cookie(), None, "resealed only once");
        }
    }
}

/// The three steps of a key rotation at two servers, in every possible order: no session ends.
#[tokio::test]
async fn a_key_rotation_ends_no_session() {
    let (old, new) = (key(), key());
    let steps = [
        KeyRing::new(old.clone()),
        KeyRing::new(old.clone()).accepting(new.clone()).unwrap(),
        KeyRing::new(new.clone()).accepting(old.clone()).unwrap(),
    ];
    // Both servers must have taken a step before either takes the next one.
    for (here, there) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2)] {
        let client = client(&steps[here]);
        let apps = [app(&steps[here]), app(&steps[there])];
        for visits in 1..=6 {
            let answer = client.at(apps[visits % 2].clone()).get("/visit").await;
            assert_eq!(answer.number(), visits as u64, "steps {here} and {there}");
        }
    }
    let client = client(&steps[0]);
    client.get("/visit").await;
    let dropped = steps[2].clone().revoking(old.id()).unwrap();
    assert_eq!(client.at(app(&dropped)).get("/read").await.text, NO_SESSION, "a revoked key opens no cookie");
}

#[tokio::test]
async fn a_session_that_is_too_large_sends_no_cookie() {
    for cookie in [CookiePolicy::host("sid"), CookiePolicy::named("id").domain("shop.example").path("/").persistent()] {
        let setup = Setup { cookie, ..Setup::new(SealedCookie::new(ring())) };
        let client = Client::new(setup.app());
        let set = async |length: usize| client.get(&format!("/text/{length}")).await;
        let fits = |answer: &Answer| answer.status == StatusCode::OK;
        let (mut most, mut least) = (1000, 5000);
        while least - most > 1 {
            let middle = usize::midpoint(most, least);
            if fits(&set(middle).await) { most = middle } else { least = middle }
        }
        set(1).await;
        let largest = set(most).await;
        let header = largest.set_cookie().unwrap().to_owned();
        assert!((4092..=4096).contains(&header.len()), "{} bytes", header.len());
        assert_eq!(client.get("/read").await.text, format!("None 0 {most} "), "the largest session is read back");
        let before = client.cookie();
        let refused = set(most + 1).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(refused.set_cookie(), None);
        assert_eq!(client.cookie(), before, "the old cookie stays");
        assert_eq!(Client::new(app(&ring())).get("/text/100000").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

/// A new release may read a session as a larger one. A touch seals what it has read, and must not send it then.
#[tokio::test]
async fn a_touch_obeys_the_size_limit() {
    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Larger {
        #[session(upgrade(in = 2, from = String, with = tripled))]
        text: String,
    }
    fn tripled(text: String) -> String {
        text.repeat(3)
    }

    let (keys, clock) = (ring(), ManualClock::new());
    let client = Client::new(Setup { clock: clock.clone(), ..Setup::new(SealedCookie::new(keys.clone())) }.app());
    client.get("/text/2000").await;
    let store = SealedCookie::new(keys);
    let cookie = CookiePolicy::host("sid");
    let sessions = Sessions::<Larger>::builder().store(store).clock(clock.clone()).cookie(cookie).build().unwrap();
    let larger = Router::new()
        .route("/length", get(async |session: Session<Larger>| session.text.len().to_string()))
        .layer(sessions.layer());
    clock.advance(Duration::from_mins(20));
    let touched = client.at(larger).get("/length").await;
    assert_eq!((touched.status, touched.number(), touched.set_cookie()), (StatusCode::OK, 6000, None));
    assert_eq!(client.get("/read").await.text, "None 0 2000 ", "the old cookie stays");
}

/// The length of a padded cookie tells a class of sizes. Padded and plain cookies open whatever the setting is.
#[tokio::test]
async fn padding_hides_the_length() {
    for readable in [false, true] {
        let keys = ring();
        let store =
            || if readable { SealedCookie::new(keys.clone()).readable() } else { SealedCookie::new(keys.clone()) };
        let padded = || Setup::new(store().padded_to(512)).app();
        let plain = || Setup::new(store()).app();
        let client = Client::new(padded());
        let mut lengths = std::collections::BTreeMap::<usize, usize>::new();
        for text in (100..2_400).step_by(100) {
            assert_eq!(client.at(padded()).get(&format!("/text/{text}")).await.status, StatusCode::OK);
            *lengths.entry(value(&client).len()).or_default() += 1;
            let shown = format!("None 0 {text} ");
            for app in [padded(), plain()] {
                assert_eq!(client.at(app).get("/read").await.text, shown);
            }
        }
        assert!((4..=6).contains(&lengths.len()), "{lengths:?}");
        client.at(plain()).get("/text/77").await;
        assert_eq!(client.at(padded()).get("/read").await.text, "None 0 77 ");
    }
}

/// Padding takes no room that a session needs, but for its own two bytes.
#[tokio::test]
async fn padding_refuses_no_session_that_fits() {
    let keys = ring();
    let most = async |store: SealedCookie| {
        let client = Client::new(Setup::new(store).app());
        let mut most = 2_000;
        while client.get(&format!("/text/{}", most + 1)).await.status == StatusCode::OK {
            most += 1;
        }
        most
    };
    let plain = most(SealedCookie::new(keys.clone())).await;
    let padded = most(SealedCookie::new(keys.clone()).padded_to(1_000)).await;
    assert_eq!(plain - padded, 2);
    let error = Sessions::<super::Shop>::builder().store(SealedCookie::new(keys).padded_to(0)).build().unwrap_err();
    assert_eq!(error.complaints(), ["`padded_to` of the sealed cookie must not be 0"]);
}

#[derive(Session)]
struct Exact {
    plain: u64,
    #[session(merge = counter)]
    visits: u64,
    #[session(conflict = "reject")]
    strict: u64,
}

#[derive(Session)]
struct More {
    #[session(merge = max)]
    best: u64,
}

#[test]
fn fields_that_need_merging_do_not_build() {
    let error = Sessions::<Exact>::builder()
        .store(SealedCookie::new(ring()).audience("a".repeat(256)))
        .section::<More>()
        .retry_after(Duration::ZERO)
        .build()
        .unwrap_err();
    let [retry, merging, audience] = error.complaints() else { panic!("{error}") };
    assert!(retry.contains("retry_after"));
    assert!(merging.ends_with("from `exact.visits`, `exact.strict`, `more.best`"), "{merging}");
    assert!(audience.contains("256 bytes"));
}

#[tokio::test]
async fn update_and_detached_are_misconfigured() {
    let client = client(&ring());
    for _ in 0..2 {
        assert_eq!(client.post("/update").await.text, "Misconfigured");
        client.post("/fill").await;
        assert_eq!(client.post("/detached").await.text, "Misconfigured");
        assert_eq!(client.get("/read").await.text, "None 1 0 dark");
    }
}

/// With the application's consent, `update` runs once, and a counter misses what another request added.
#[tokio::test]
async fn with_consent_the_last_cookie_wins() {
    let keys = ring();
    let store = || SealedCookie::new(keys.clone()).dangerous_last_cookie_wins();
    let sessions = Sessions::<Exact>::builder().store(store()).section::<More>().build().unwrap();
    let exact = Router::new()
        .route("/visit", get(async |mut session: Session<Exact>| session.visits += 1))
        .route("/read", get(async |session: Session<Exact>| session.visits.to_string()))
        .layer(sessions.layer());
    let client = Client::new(exact);
    client.get("/visit").await;
    let before = client.cookie();
    client.get("/visit").await;
    assert_eq!(client.get("/read").await.text, "2");
    client.set_cookie(before);
    client.get("/visit").await;
    assert_eq!(client.get("/read").await.text, "2", "the visit of the other request is lost");

    let client = Client::new(Setup::new(store()).app());
    for visits in 1..3 {
        assert_eq!(client.post("/update").await.text, "updated");
        assert_eq!(client.post("/detached").await.text, "Misconfigured", "no response carries that cookie");
        assert_eq!(client.get("/read").await.text, format!("None {visits} 0 "));
    }
}

#[derive(Session)]
struct Other {
    pages: u64,
}

/// Two session types in one cookie.
#[tokio::test]
async fn sections_share_a_cookie() {
    let sessions =
        Sessions::<super::Shop>::builder().store(SealedCookie::new(ring())).section::<Other>().build().unwrap();
    let app = Router::new()
        .route(
            "/both",
            get(async |mut shop: Session<super::Shop>, mut other: Session<Other>| {
                shop.visits += 1;
                other.pages += 10;
                format!("{} {}", shop.visits, other.pages)
            }),
        )
        .layer(sessions.layer());
    let client = Client::new(app);
    assert_eq!(client.get("/both").await.text, "1 10");
    assert_eq!(client.get("/both").await.text, "2 20");
}

/// Every cookie that a release has sealed stays readable: lines are added to the file, and none is ever changed.
#[tokio::test]
async fn vectors() {
    let mut read_lines = 0;
    for line in include_str!("../vectors/sealed_1.txt").lines().filter(|line| !line.starts_with('#')) {
        let [mode, secret, cookie, shown] = line.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
        let keys = KeyRing::parse(secret).unwrap();
        let store = SealedCookie::new(keys);
        let app = Setup::new(if mode == "signed" { store.readable() } else { store }).app();
        assert_eq!(read(&app, cookie).await.text, shown, "{line}");
        read_lines += 1;
    }
    assert!(read_lines >= 10);
}
