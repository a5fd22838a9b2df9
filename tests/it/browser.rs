//! The shop as a person sees it: two of its processes with one Redis, and Chromium.

use std::process::Command;

use serde_json::{Value, json};
use session_tests::browser::{Browser, Reply, request};
use session_tests::servers::{Process, Redis, free_port, is_listening, wait_until};

struct Shop {
    port: u16,
    _process: Process,
}

impl Shop {
    fn start(redis: &Redis) -> Self {
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        let process = Process::start(command.env("PORT", port.to_string()).env("REDIS_URL", redis.url()));
        wait_until("the shop opens", || is_listening(port));
        Self { port, _process: process }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Asks as somebody else would who has got hold of a cookie's value.
    fn replay(&self, path: &str, value: &str) -> Reply {
        request(self.port, "GET", path, &format!("accept: text/html\r\ncookie: __Host-shop={value}\r\n"), "")
    }
}

/// Everything starts, and ends with it.
struct Street {
    browser: Browser,
    one: Shop,
    other: Shop,
    _redis: Redis,
}

impl Street {
    fn open() -> Self {
        let redis = Redis::start();
        Self { browser: Browser::start(), one: Shop::start(&redis), other: Shop::start(&redis), _redis: redis }
    }

    fn visit(&self, path: &str) {
        self.browser.open(&self.one.url(path));
    }

    fn visit_other(&self, path: &str) {
        self.browser.open(&self.other.url(path));
    }

    fn add(&self, sku: &str) {
        self.browser.follow(&format!("button[value={sku}]"));
    }

    fn log_in(&self, password: &str) {
        self.visit("/login");
        self.browser.fill("[name=user]", "ada");
        self.browser.fill("[name=password]", password);
        self.browser.follow("form[action='/login'] button");
    }

    fn log_out(&self) {
        self.visit("/account");
        self.browser.follow("form[action='/logout'] button");
        assert_eq!(self.browser.path(), "/goodbye");
    }

    /// The session's cookie, the only one there is.
    fn cookie(&self) -> Option<Value> {
        let mut cookies = self.browser.cookies();
        assert!(cookies.len() <= 1, "{cookies:?}");
        cookies.pop()
    }

    fn value(&self) -> String {
        let cookie = self.cookie().expect("a cookie");
        cookie["value"].as_str().expect("a value").to_owned()
    }

    fn text(&self, selector: &str) -> Option<String> {
        self.browser.text(selector)
    }

    fn theme(&self) -> Value {
        self.browser.run("return document.documentElement.dataset.theme")
    }

    fn is_logged_in(&self) -> bool {
        self.visit("/account");
        self.browser.path() == "/account"
    }
}

#[test]
fn a_cookie_that_only_the_browser_has() {
    let street = Street::open();
    street.visit("/");
    let cookie = street.cookie().expect("a cookie");
    assert_eq!(cookie["name"], "__Host-shop");
    for (attribute, expected) in [
        ("secure", json!(true)),
        ("httpOnly", json!(true)),
        ("sameSite", json!("Lax")),
        ("path", json!("/")),
        // The host itself. One that were sent to other hosts too would begin with a dot.
        ("domain", json!("localhost")),
        // Until the browser closes.
        ("expiry", Value::Null),
    ] {
        assert_eq!(cookie[attribute], expected, "{attribute} of {cookie}");
    }
    assert_eq!(street.browser.run("return document.cookie"), "");
    let stolen = street.browser.run(
        "document.cookie = '__Host-shop=planted; path=/; secure'; document.cookie = '__Host-shop=; max-age=0; path=/; secure'",
    );
    assert_eq!((stolen, street.cookie()), (Value::Null, Some(cookie)), "scripts do not overwrite it either");
    let reply = request(street.one.port, "GET", "/", "", "");
    assert!(reply.head.contains("set-cookie: __host-shop=") && !reply.head.contains("domain"), "{reply:?}");
}

#[test]
fn a_login_and_a_logout_that_leaves_nothing() {
    let street = Street::open();
    street.visit("/");
    street.add("sencha");
    street.add("sencha");
    street.add("honey");
    let anonymous = street.value();

    street.log_in("wrong");
    assert_eq!(street.text(".notice").as_deref(), Some("This name and password do not belong together."));
    street.browser.reload();
    assert_eq!(street.text(".notice"), None, "shown once");
    assert!(!street.is_logged_in());
    assert_eq!(street.value(), anonymous);

    street.log_in("demo");
    assert_eq!(street.text("h1").as_deref(), Some("Hello, ada"));
    assert_eq!(street.text(".notice").as_deref(), Some("Welcome, ada!"));
    street.browser.reload();
    assert_eq!(street.text(".notice"), None, "shown once");
    let logged_in = street.value();
    assert_ne!(logged_in, anonymous);
    street.visit("/cart");
    assert_eq!(street.text("#total").as_deref(), Some("€24.60"), "the cart came along");

    let (location, empty) = ("location: /login", "Nothing in it yet");
    let account = street.one.replay("/account", &logged_in);
    assert!(account.text.contains("Hello, ada"), "the live value is somebody: {account:?}");
    let account = street.one.replay("/account", &anonymous);
    assert!(account.status == 303 && account.head.contains(location), "the old one is nobody: {account:?}");
    assert!(street.one.replay("/cart", &anonymous).text.contains(empty));

    street.log_out();
    assert_eq!(street.cookie(), None, "gone");
    street.browser.reload();
    assert_eq!(street.cookie(), None, "still gone");
    for shop in [&street.one, &street.other] {
        let account = shop.replay("/account", &logged_in);
        assert!(account.status == 303 && account.head.contains(location), "a replay is nobody: {account:?}");
        assert!(shop.replay("/cart", &logged_in).text.contains(empty));
    }
    assert!(!street.is_logged_in());
}

#[test]
fn a_logout_leaves_the_theme_and_takes_the_cart() {
    let street = Street::open();
    street.log_in("demo");
    street.visit("/");
    assert_eq!(street.theme(), "light");
    street.add("teapot");
    street.browser.follow(".theme button");
    assert_eq!(street.theme(), "dark");
    let logged_in = street.value();

    street.log_out();
    assert_eq!(street.theme(), "dark");
    assert_ne!(street.value(), logged_in);
    street.visit("/cart");
    assert_eq!((street.theme(), street.text("#total")), (json!("dark"), None));
    assert!(!street.is_logged_in());
    assert_eq!(street.one.replay("/account", &logged_in).status, 303);
}

#[test]
fn two_processes_and_reloads_show_one_session() {
    let street = Street::open();
    street.visit("/");
    street.add("cup");
    street.visit_other("/");
    assert_eq!(street.text("#visits").as_deref(), Some("3"), "opened, sent back to after adding, opened at the other");
    street.add("cup");
    assert_eq!(street.text(".badge").as_deref(), Some("2"));
    street.visit("/cart");
    assert_eq!(street.text("#total").as_deref(), Some("€29.00"));
    street.browser.fill("#line-cup [type=number]", "3");
    street.browser.follow("#line-cup .quantity button");
    for _ in 0..2 {
        street.browser.reload();
        assert_eq!(street.text("#total").as_deref(), Some("€43.50"));
        assert_eq!(street.text("#visits").as_deref(), Some("4"));
    }

    street.log_in("demo");
    street.visit_other("/cart");
    street.browser.follow("form[action='/order'] button");
    assert_eq!(street.text(".notice").as_deref(), Some("Thank you! Order 1 is on its way."));
    street.visit("/account");
    assert_eq!(street.text("#orders tbody").as_deref(), Some("13€43.50"), "order 1 of 3 items");

    street.log_out();
    street.visit_other("/account");
    assert_eq!(street.browser.path(), "/login", "a logout here is a logout there");
}
