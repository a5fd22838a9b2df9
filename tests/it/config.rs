//! Settings that contradict each other: one error at start-up that lists all of them.

use std::time::Duration;

use session::store::{RedisOptions, RedisStore, StoreError};
use session::{ConfigError, CookiePolicy, MemoryStore, SameSite, Session, Sessions};

#[derive(Session)]
#[session(idle = "10m", absolute = "1h")]
struct Shop {
    visits: u64,
}

#[derive(Session)]
#[session(name = "shop")]
struct Double {
    visits: u64,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn complaints(change: impl FnOnce(session::SessionsBuilder<Shop>) -> session::SessionsBuilder<Shop>) -> Vec<String> {
    let builder = change(Sessions::<Shop>::builder().store(MemoryStore::new()));
    builder.build().err().as_ref().map(ConfigError::complaints).unwrap_or_default().to_vec()
}

fn cookie(policy: CookiePolicy) -> Vec<String> {
    complaints(|builder| builder.cookie(policy))
}

#[test]
fn valid_settings_build() {
    assert_eq!(complaints(|builder| builder), Vec::<String>::new());
    assert_eq!(
        cookie(CookiePolicy::named("id").domain("example.com").path("/shop").dangerous_plain_http()),
        Vec::<String>::new()
    );
    assert_eq!(cookie(CookiePolicy::named("__Secure-id").same_site(SameSite::None)), Vec::<String>::new());
}

#[test]
fn all_contradictions_are_reported_at_once() {
    let error = Sessions::<Shop>::builder()
        .cookie(CookiePolicy::host("sid").domain("example.com").path("shop").dangerous_plain_http())
        .idle(Duration::from_secs(7200))
        .section::<Double>()
        .build()
        .unwrap_err();
    assert_eq!(error.complaints().len(), 7, "{error}");
    for part in [
        "no domain",
        "path `/`",
        "requires HTTPS",
        "starts with `/`",
        "longer than the absolute",
        "two session types",
        "no store",
    ] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn a_record_has_one_user_field() {
    #[derive(Session)]
    struct One {
        #[session(user)]
        user: Option<u64>,
    }
    #[derive(Session)]
    struct Two {
        #[session(user)]
        user: Option<u64>,
    }
    let error = Sessions::<One>::builder().store(MemoryStore::new()).section::<Two>().build().unwrap_err();
    assert!(error.to_string().contains("`user` field"), "{error}");
}

#[test]
fn bad_cookies() {
    for name in [
        "",
        "a=b",
        "a;b",
        "a b",
        "s\u{e9}ss",
        "a\r\nSet-Cookie: x",
        "__Host-",
        "__Secure-",
        "__host-sid",
        "__SECURE-sid",
        &"x".repeat(5000),
    ] {
        assert!(!cookie(CookiePolicy::named(name)).is_empty(), "name {name:?}");
    }
    for domain in ["", ".com", "ex ample", "a\r\nSet-Cookie:x", "a;b", "a..b"] {
        assert!(!cookie(CookiePolicy::named("id").domain(domain)).is_empty(), "domain {domain:?}");
    }
    for path in ["", "foo", "/;x", "/\r\n", "/a b", "/\u{e9}"] {
        assert!(!cookie(CookiePolicy::named("id").path(path)).is_empty(), "path {path:?}");
    }
    assert!(!cookie(CookiePolicy::named("id").same_site(SameSite::None).dangerous_plain_http()).is_empty());
    assert!(!cookie(CookiePolicy::named("__Secure-id").dangerous_plain_http()).is_empty());
}

#[test]
fn bad_times() {
    assert!(!complaints(|builder| builder.idle(Duration::ZERO)).is_empty());
    assert!(!complaints(|builder| builder.idle(2 * DAY)).is_empty());
    assert!(!complaints(|builder| builder.absolute(401 * DAY)).is_empty());
    assert!(!complaints(|builder| builder.absolute(Duration::MAX)).is_empty());
    assert!(!complaints(|builder| builder.touch_after(Duration::from_secs(600))).is_empty());
    assert!(!complaints(|builder| builder.retry_after(Duration::ZERO)).is_empty());
    for path in ["", "login", "//evil.example", "/\\evil", "/a b"] {
        assert!(!complaints(|builder| builder.login_path(path)).is_empty(), "{path:?}");
    }
}

#[test]
fn a_failing_generator_is_a_start_up_error() {
    struct Failing;
    impl session::Rng for Failing {
        fn fill(&self, _: &mut [u8]) -> Result<(), session::RngError> {
            Err(session::RngError::new("broken"))
        }
    }
    assert!(complaints(|builder| builder.rng(Failing))[0].contains("random"));
}

#[tokio::test]
async fn bad_redis_settings() {
    for url in [
        "",
        "redis://",
        "127.0.0.1",
        "http://127.0.0.1",
        "redis://127.0.0.1/-1",
        "redis://127.0.0.1/x",
        "redis://127.0.0.1:99999",
    ] {
        let error = RedisStore::connect(url).await;
        assert!(matches!(error, Err(StoreError::Misconfigured(_))), "{url}: {error:?}");
    }
    let client = || session_tests::redis_client("redis://127.0.0.1:1");
    for prefix in ["", "a{b", "a}b", "a b", &"x".repeat(10_000), "s\u{e9}ss:"] {
        let made = RedisStore::from_client_lazy(client(), RedisOptions::new().prefix(prefix));
        assert!(matches!(made, Err(StoreError::Misconfigured(_))), "{prefix:?}");
    }
    for options in [
        RedisOptions::new().deadline(Duration::ZERO),
        RedisOptions::new().deadline(Duration::from_secs(61)),
        RedisOptions::new().max_bytes(0),
        RedisOptions::new().max_bytes(usize::MAX),
    ] {
        assert!(matches!(RedisStore::from_client_lazy(client(), options), Err(StoreError::Misconfigured(_))));
    }
}
