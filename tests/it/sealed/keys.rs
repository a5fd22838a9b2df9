//! Invalid keys and key rings: they are refused at the start, and the error names the fix.

use session::{KeyRing, SecretKey};

fn text(key: &SecretKey) -> String {
    key.to_text().expose().clone()
}

fn key() -> SecretKey {
    SecretKey::generate().unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(made: Result<T, session::KeyError>, says: &str) {
    let error = made.unwrap_err().to_string();
    assert!(error.contains(says), "{error:?} does not say {says:?}");
}

#[test]
fn invalid_text_is_refused() {
    let good = text(&key());
    assert_eq!(good.len(), 55);
    for (bad, says) in [
        (String::new(), "empty"),
        (" \n".into(), "empty"),
        ("changeme".into(), "tsk1_"),
        ("tsk1_".into(), "cut short"),
        (good.to_uppercase(), "tsk1_"),
        (good[5..].into(), "tsk1_"),
        (format!("{}!{}", &good[..10], &good[11..]), "base64url"),
        (format!("{}=", &good[..54]), "base64url"),
        ("tsk1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_GQpVrQ".into(), "not random"),
        // 31 bytes with their own checksum.
        ("tsk1_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg_TXhtdw".into(), "31 bytes"),
    ] {
        refused(SecretKey::parse(&bad), says);
    }
    for length in 0..good.len() {
        assert!(SecretKey::parse(&good[..length]).is_err(), "{length} characters");
    }
}

#[test]
fn every_changed_character_is_detected() {
    let good = text(&key());
    for place in 0..good.len() {
        for other in b'!'..=b'~' {
            let mut bad = good.clone().into_bytes();
            if std::mem::replace(&mut bad[place], other) != other {
                assert!(SecretKey::parse(std::str::from_utf8(&bad).unwrap()).is_err(), "character {place}");
            }
        }
    }
}

#[test]
fn invalid_bytes_are_refused() {
    let counting: Vec<u8> = (0..32).collect();
    for (bad, says) in [
        (&b""[..], "0 bytes"),
        (&counting[..31], "31 bytes"),
        (&[0; 32], "not random"),
        (&[b'a'; 32], "not random"),
        (&counting, "an example"),
        (b"CHANGE_ME_TO_A_COMPLEX_RANDOM_STRING_1234", "an example"),
        (b"your-256-bit-secret-goes-here-qwertz", "an example"),
        // Hex without an `f`.
        (b"0123456789abcde0123456789abcde0123", "decode it first"),
    ] {
        refused(SecretKey::from_bytes(bad), says);
    }
}

#[test]
fn a_key_round_trips_through_text() {
    for length in [32, 33, 48, 64] {
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).unwrap();
        let key = SecretKey::from_bytes(&bytes).unwrap();
        assert_eq!(text(&SecretKey::parse(&format!(" {}\r\n", text(&key))).unwrap()), text(&key));
    }
}

#[test]
fn invalid_rings_are_refused() {
    let (one, two) = (key(), key());
    refused(KeyRing::new(one.clone()).accepting(one.clone()), "twice");
    refused(KeyRing::new(one.clone()).accepting(two.clone()).unwrap().accepting(two.clone()), "twice");
    refused(KeyRing::new(one.clone()).revoking(one.id()), "another one primary first");
    let full = (0..4).fold(KeyRing::new(one.clone()), |ring, _| ring.accepting(key()).unwrap());
    refused(full.accepting(key()), "more than 4");

    refused(KeyRing::parse(""), "there is no key");
    refused(KeyRing::parse("# tsk1_\n\n"), "there is no key");
    refused(KeyRing::parse(&format!("{0},{0}", text(&one))), "key 2: the key");
    let error = KeyRing::parse(&format!("changeme {} tsk1_x", text(&one))).unwrap_err().to_string();
    assert!(error.contains("key 1: ") && error.contains("key 3: "), "all at once: {error}");
    assert!(!error.contains(&text(&one)[5..]), "no key is quoted");

    refused(KeyRing::from_env("SESSION_TEST_NO_SUCH_VARIABLE"), "`SESSION_TEST_NO_SUCH_VARIABLE`: not set");
    // Cargo sets this one for every test.
    refused(KeyRing::from_env("CARGO_PKG_NAME"), "`CARGO_PKG_NAME`: key 1: not a key");
    refused(KeyRing::from_file("no/such/file"), "no/such/file");
    refused(KeyRing::from_file(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), "Cargo.toml: key 1");
}

#[test]
fn a_ring_is_parsed_with_comments_and_separators() {
    let (one, two, three) = (key(), key(), key());
    let file = format!("# today's\n{}\n\n# until Friday\n{} ,\t{}\r\n", text(&one), text(&two), text(&three));
    let ring = KeyRing::parse(&file).unwrap();
    assert_eq!(ring.primary(), one.id());
    let shown = format!("{ring:?}");
    assert!([one, two, three].iter().all(|key| shown.contains(&key.id().to_string())), "{shown}");
}
