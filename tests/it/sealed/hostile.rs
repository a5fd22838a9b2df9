//! Forged cookies: each is ignored, without a write, a store call or a panic.

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD as BASE64URL};
use session::testing::FailingStore;
use session::{CookiePolicy, KeyRing, MemoryStore, SealedCookie, Session, Sessions};
use session_tests::client::Client;

use super::{NO_SESSION, Setup, key, read, ring, value};

type List = FailingStore<MemoryStore>;

/// An app of each kind, with its store of notes, which counts calls, and a valid cookie.
async fn worlds(keys: &KeyRing) -> Vec<(Router, List, String)> {
    let mut worlds = Vec::new();
    for readable in [false, true] {
        let list = FailingStore::new(MemoryStore::new());
        let store = SealedCookie::new(keys.clone()).revoked_in(list.clone());
        let app = Setup::new(if readable { store.readable() } else { store }).app();
        let client = Client::new(app.clone());
        client.post("/fill").await;
        client.post("/login/5").await;
        assert_eq!(read(&app, &value(&client)).await.text, "Some(5) 0 0 dark");
        list.reset_calls();
        worlds.push((app, list, value(&client)));
    }
    worlds
}

async fn refused(app: &Router, list: &List, bad: &str, what: &str) {
    let answer = read(app, bad).await;
    assert_eq!(answer.text, NO_SESSION, "{what}");
    assert_eq!(answer.set_cookie(), None, "{what}");
    assert_eq!(list.calls().total(), 0, "{what}: no store is asked for it");
}

#[tokio::test]
async fn every_flipped_bit_and_every_length_is_refused() {
    for (app, list, good) in worlds(&ring()).await {
        let bytes = BASE64URL.decode(&good).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            refused(&app, &list, &BASE64URL.encode(flipped), &format!("bit {bit}")).await;
        }
        for length in 0..bytes.len() {
            refused(&app, &list, &BASE64URL.encode(&bytes[..length]), &format!("{length} bytes")).await;
        }
        for length in 0..good.len() {
            refused(&app, &list, &good[..length], &format!("{length} characters")).await;
        }
        for more in 1..=64 {
            let longer = [&bytes[..], &vec![0; more]].concat();
            refused(&app, &list, &BASE64URL.encode(longer), &format!("{more} bytes more")).await;
        }
    }
}

#[tokio::test]
async fn other_spellings_of_a_valid_cookie_are_refused() {
    for (app, list, good) in worlds(&ring()).await {
        let bytes = BASE64URL.decode(&good).unwrap();
        let mut spellings = vec![
            format!("\"{good}\""),
            format!("{good} "),
            good.replacen(&good[..1], &format!("%{:02X}", good.as_bytes()[0]), 1),
            format!("{good}="),
            format!("{good}=="),
            format!("{good},x=1"),
        ];
        let others = [URL_SAFE.encode(&bytes), STANDARD.encode(&bytes)];
        spellings.extend(others.into_iter().filter(|other| *other != good));
        // Bits beyond the last byte.
        let (start, last) = good.split_at(good.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        spellings
            .extend(alphabet.chars().filter(|other| !last.starts_with(*other)).map(|other| format!("{start}{other}")));
        for other in spellings {
            refused(&app, &list, &other, &other).await;
        }
    }
}

#[tokio::test]
async fn random_values_are_refused() {
    for (app, list, _) in worlds(&ring()).await {
        for round in 0..1_000_usize {
            let mut bytes = vec![0; round % 300];
            getrandom::fill(&mut bytes).unwrap();
            if let (Some(first), true) = (bytes.first_mut(), round % 2 == 0) {
                *first = if round % 4 == 0 { 2 } else { 4 };
            }
            refused(&app, &list, &BASE64URL.encode(bytes), "random").await;
        }
        for letter in ["A", "_", "0"] {
            for length in [44, 88, 200, 3_999, 4_000, 4_096, 60_000] {
                refused(&app, &list, &letter.repeat(length), letter).await;
            }
        }
    }
}

/// A cookie that is authentic for one app is sent to another one.
#[tokio::test]
async fn cookies_of_another_app_are_refused() {
    #[derive(Session)]
    struct Till {
        user: Option<u64>,
    }
    let (keys, other) = (ring(), key());
    let cookie = CookiePolicy::host("sid");
    let elsewhere = [
        (
            "cookie name",
            Setup { cookie: CookiePolicy::host("other"), ..Setup::new(SealedCookie::new(keys.clone())) }.app(),
        ),
        ("key", Setup::new(SealedCookie::new(KeyRing::new(other.clone()))).app()),
        ("key ring without ours", Setup::new(SealedCookie::new(KeyRing::new(other).accepting(key()).unwrap())).app()),
        ("audience", Setup::new(SealedCookie::new(keys.clone()).audience("admin")).app()),
        ("audience, a prefix", Setup::new(SealedCookie::new(keys.clone()).audience("a")).app()),
        ("mode", Setup::new(SealedCookie::new(keys.clone()).readable()).app()),
        ("mode and audience", Setup::new(SealedCookie::new(keys.clone()).readable().audience("admin")).app()),
    ];
    let till =
        Sessions::<Till>::builder().store(SealedCookie::new(keys.clone())).cookie(cookie.clone()).build().unwrap();
    let till = Router::new()
        .route("/read", axum::routing::get(async |session: Session<Till>| format!("{:?} 0 0 ", session.user)))
        .layer(till.layer());
    let server = Sessions::<super::Shop>::builder().store(MemoryStore::new()).cookie(cookie).build().unwrap();
    let server = super::routes(&server);

    let own = Setup::new(SealedCookie::new(keys)).app();
    let client = Client::new(own.clone());
    client.post("/login/5").await;
    let ours = value(&client);
    for (what, app) in elsewhere.iter().map(|(what, app)| (*what, app)).chain([("type", &till), ("store", &server)]) {
        let there = read(app, &ours).await;
        assert_eq!((there.text.as_str(), there.set_cookie()), (NO_SESSION, None), "ours under another {what}");
        let other = Client::new(app.clone());
        if what != "type" {
            other.post("/login/6").await;
            let back = read(&own, &value(&other)).await;
            assert_eq!((back.text.as_str(), back.set_cookie()), (NO_SESSION, None), "another {what} under ours");
        }
    }
    assert_eq!(read(&own, &ours).await.text, "Some(5) 0 0 ");
}

/// Every combination of the beginning of one valid cookie and the end of another one.
#[tokio::test]
async fn spliced_cookies_are_refused() {
    let keys = ring();
    for (app, list, one) in worlds(&keys).await {
        let client = Client::new(app.clone());
        client.post("/fill").await;
        client.post("/login/6").await;
        let (one, two) = (BASE64URL.decode(one).unwrap(), BASE64URL.decode(value(&client)).unwrap());
        list.reset_calls();
        assert_eq!(one.len(), two.len());
        for cut in 1..one.len() {
            let spliced = [&one[..cut], &two[cut..]].concat();
            if spliced != one && spliced != two {
                refused(&app, &list, &BASE64URL.encode(spliced), &format!("spliced at {cut}")).await;
            }
        }
    }
}
