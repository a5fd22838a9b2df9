//! The shop as a person sees it: two of its processes with one Redis, and Chromium.

use std::process::Command;

use serde_json::{Value, json};
use session_tests::browser::{Browser, Reply, key, request};
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

    /// Asks as an attacker would who has a cookie's value.
    fn replay(&self, path: &str, value: &str) -> Reply {
        request(self.port, "GET", path, &format!("accept: text/html\r\ncookie: __Host-shop={value}\r\n"), "")
    }
}

/// A browser, two processes of the shop and their Redis. All of them end with it.
struct Street {
    browser: Browser,
    one: Shop,
    other: Shop,
    _redis: Redis,
}

impl Street {
    fn open() -> Self {
        Self::with(Browser::start())
    }

    fn with(browser: Browser) -> Self {
        let redis = Redis::start();
        Self { browser, one: Shop::start(&redis), other: Shop::start(&redis), _redis: redis }
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
        self.send_login(password);
    }

    fn send_login(&self, password: &str) {
        self.browser.fill("[name=user]", "ada");
        self.browser.fill("[name=password]", password);
        self.browser.follow("form[action='/login'] button");
    }

    fn log_out(&self) {
        self.visit("/account");
        self.browser.follow("form[action='/logout'] button");
        assert_eq!(self.browser.path(), "/goodbye");
    }

    /// The session's cookie; there must be no other.
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

    /// A property of what an element looks like.
    fn style(&self, selector: &str, property: &str) -> String {
        let script =
            format!("return getComputedStyle(document.querySelector({}))[{}]", json!(selector), json!(property));
        self.browser.run(&script).as_str().expect("a style").into()
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
        // The host itself. A cookie that is sent to other hosts too begins with a dot.
        ("domain", json!("localhost")),
        // Until the browser closes.
        ("expiry", Value::Null),
    ] {
        assert_eq!(cookie[attribute], expected, "{attribute} of {cookie}");
    }
    assert_eq!(street.browser.run("return document.cookie"), "");
    let stolen = street.browser.run(
        "document.cookie = '__Host-shop=planted; path=/; secure';
         document.cookie = '__Host-shop=; max-age=0; path=/; secure'",
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
    assert_eq!(
        street.text("form [role=alert]").as_deref(),
        Some("The name or the password is wrong. Please try again.")
    );
    assert_eq!(street.text(".notice"), None, "an error is no notice");
    assert_eq!(street.browser.run("return document.querySelector('[name=user]').value"), "ada");
    assert_eq!(street.browser.run("return document.activeElement.name"), "password");
    street.visit("/login");
    assert_eq!(street.text("[role=alert]"), None, "shown once");
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

    let (location, empty) = ("location: /login", "Your cart is empty");
    let account = street.one.replay("/account", &logged_in);
    assert!(account.text.contains("Hello, ada"), "the new value is logged in: {account:?}");
    let account = street.one.replay("/account", &anonymous);
    assert!(account.status == 303 && account.head.contains(location), "the old value is not: {account:?}");
    assert!(street.one.replay("/cart", &anonymous).text.contains(empty));

    street.log_out();
    assert_eq!(street.cookie(), None, "gone");
    street.browser.reload();
    assert_eq!(street.cookie(), None, "still gone");
    for shop in [&street.one, &street.other] {
        let account = shop.replay("/account", &logged_in);
        assert!(account.status == 303 && account.head.contains(location), "a replay is not logged in: {account:?}");
        assert!(shop.replay("/cart", &logged_in).text.contains(empty));
    }
    assert!(!street.is_logged_in());
}

#[test]
fn a_logout_leaves_the_theme_and_takes_the_cart() {
    let street = Street::open();
    street.log_in("demo");
    street.visit("/");
    assert_eq!(street.theme(), "system");
    street.add("teapot");
    street.browser.follow(".theme [value=dark]");
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
    assert_eq!(street.text("#visits").as_deref(), Some("4"), "kept by the login");
    street.visit("/account");
    assert_eq!(street.text("#orders tbody").as_deref(), Some("13€43.50"), "order 1 of 3 items");

    street.log_out();
    street.visit_other("/account");
    assert_eq!(street.browser.path(), "/login", "a logout here is a logout there");
}

#[test]
fn log_in_to_order_returns_to_the_cart() {
    let street = Street::open();
    street.visit("/");
    street.add("honey");
    street.visit("/cart");
    street.browser.follow("main a.main");
    street.send_login("wrong");
    street.send_login("demo");
    assert_eq!((street.browser.path().as_str(), street.text("#total").as_deref()), ("/cart", Some("€6.80")));
}

#[test]
fn the_login_forms_of_two_windows_both_work() {
    let street = Street::open();
    let first = street.browser.window();
    street.visit("/login");
    let second = street.browser.open_window();
    street.visit("/login");
    for window in [&first, &second] {
        street.browser.switch_to(window);
        street.send_login("demo");
        assert_eq!((street.browser.path().as_str(), street.text("h1").as_deref()), ("/account", Some("Hello, ada")));
    }
}

#[test]
fn the_colours_are_the_systems_until_a_theme_is_chosen() {
    let street = Street::open();
    let background = || street.style("body", "backgroundColor");
    let mut seen = Vec::new();
    for scheme in ["light", "dark"] {
        street.browser.prefer_colours(scheme);
        street.visit("/");
        seen.push(background());
    }
    let [light, dark] = &seen[..] else { unreachable!() };
    assert_ne!(light, dark);
    street.browser.follow(".theme [value=light]");
    assert_eq!(&background(), light, "although the system is dark");
    street.browser.prefer_colours("light");
    street.browser.follow(".theme [value=dark]");
    assert_eq!(&background(), dark, "although the system is light");
    street.browser.follow(".theme [value=system]");
    assert_eq!(&background(), light);
}

#[test]
fn a_keyboard_is_enough() {
    let street = Street::open();
    let browser = &street.browser;
    let focused = |property: &str| browser.run(&format!("return document.activeElement.{property}"));
    street.visit("/");
    browser.press(&[key::TAB]);
    assert_eq!(focused("textContent"), "Skip to the content");
    assert_eq!(focused("getBoundingClientRect().top >= 0"), true, "the link is visible while it has the focus");
    browser.press(&[key::ENTER, key::TAB]);
    assert_eq!(focused("value"), "sencha", "the menu was skipped");
    assert_eq!(street.style(":focus", "outlineStyle"), "solid", "the focus is visible");
    browser.press_and_follow(key::ENTER);
    assert_eq!(street.text(".notice").as_deref(), Some("Sencha is in your cart."));

    street.visit("/login");
    browser.press(&["g", "r", "a", "c", "e", key::TAB, "d", "e", "m", "o"]);
    browser.press_and_follow(key::ENTER);
    assert_eq!(street.text("h1").as_deref(), Some("Hello, grace"));

    // Each stop of the tabulator shows that it has the focus, on every page.
    for path in ["/", "/cart", "/session", "/promises"] {
        street.visit(path);
        let stops =
            browser.run("return document.querySelectorAll('a, button:not([hidden]), input:not([type=hidden])').length");
        let stops = stops.as_u64().expect("a number");
        assert!(stops > 8, "{path}: {stops}");
        for stop in 0..stops {
            browser.press(&[key::TAB]);
            assert_ne!(focused("tagName"), "BODY", "{path}: stop {stop} of {stops}");
            assert_eq!(street.style(":focus", "outlineStyle"), "solid", "{path}: {}", focused("outerHTML"));
        }
    }
}

#[test]
fn a_phone_shows_every_page_without_scrolling_sideways() {
    let street = Street::open();
    let browser = &street.browser;
    browser.become_phone(360, 740);
    let assert_fits = |what: &str| {
        let wide = browser.run(
            "return [...document.querySelectorAll('body *')]
                 .filter(element => element.getBoundingClientRect().right > 360)
                 .map(element => element.outerHTML.slice(0, 200))",
        );
        assert_eq!(wide, json!([]), "{what}");
        assert_eq!(browser.run("return document.documentElement.scrollWidth"), 360, "{what}");
    };
    street.visit("/");
    for sku in ["jasmine", "small-teapot", "earl-grey"] {
        street.add(sku);
    }
    assert_fits("the catalogue with a notice");
    street.log_in("wrong");
    assert_fits("a refused login");
    street.log_in("demo");
    assert_fits("an account");
    street.visit("/cart");
    browser.fill("#line-small-teapot [type=number]", "99");
    browser.follow("#line-small-teapot .quantity button");
    assert_fits("a full cart");
    street.browser.follow("form[action='/order'] button");
    assert_fits("an account with an order");
    for path in ["/session", "/promises", "/promises?release=1", "/promises?release=2", "/nowhere"] {
        street.visit(path);
        assert_fits(path);
    }
    street.visit("/promises");
    browser.follow("[value=take-away]");
    assert_eq!(street.text("[value=give-back]").as_deref(), Some("Give it back now"));
    assert_fits("the page of a missing store");
}

#[test]
fn the_shop_works_without_javascript() {
    let street = Street::with(Browser::without_javascript());
    street.visit("/");
    street.add("cup");
    street.visit("/cart");
    street.browser.follow("main a.main");
    street.send_login("demo");
    street.browser.follow("form[action='/order'] button");
    assert_eq!(street.text("#orders tbody").as_deref(), Some("11€14.50"), "order 1 of 1 item");
    street.visit("/promises");
    assert_eq!(
        street.browser.run("return document.getElementById('burst').hidden"),
        true,
        "the page's script did not run"
    );
    for expected in ["1", "2"] {
        street.browser.follow("#race button");
        assert_eq!(street.text("#presses").as_deref(), Some(expected));
    }
    street.browser.follow(".theme [value=dark]");
    assert_eq!(street.theme(), "dark");
    street.log_out();
}

#[test]
fn two_windows_race_on_one_counter_and_all_is_kept() {
    let street = Street::open();
    let browser = &street.browser;
    let windows = [browser.window(), browser.open_window()];
    for window in &windows {
        browser.switch_to(window);
        street.visit("/promises");
    }
    for round in 1..=3 {
        for window in &windows {
            browser.switch_to(window);
            browser.click("#burst");
        }
        for window in &windows {
            browser.switch_to(window);
            let figures = || ["#sent", "#refused", "#kept"].map(|selector| street.text(selector).expect(selector));
            // "…" stands there while requests are under way.
            wait_until("both windows are done", || {
                let [sent, _, kept] = figures();
                sent == (40 * round).to_string() && kept != "…"
            });
            assert_eq!(figures(), [40 * round, 0, 40 * round].map(|count| count.to_string()));
        }
    }
    street.visit_other("/promises");
    assert_eq!(street.text("#presses").as_deref(), Some("120"), "the other process has them too");
}

#[test]
fn the_store_is_taken_away_and_given_back() {
    let street = Street::open();
    street.log_in("demo");
    street.visit("/");
    street.add("sencha");
    let cookie = street.value();
    street.visit("/promises");
    street.browser.follow("[value=take-away]");
    assert_eq!(street.text("h1").as_deref(), Some("Your session is out of reach"));
    assert_eq!(street.one.replay("/", &cookie).status, 503);
    assert_eq!(street.other.replay("/", &cookie).status, 200, "the switch is that of one process");
    street.browser.follow("[value=give-back]");
    assert_eq!(street.text("h1").as_deref(), Some("What it promises"));
    assert!(street.text("#store").is_some_and(|text| text.contains("1 item in your cart, logged in: ada")));
    assert_eq!(street.value(), cookie);

    street.browser.follow("form[action='/promises/release-1'] button");
    assert_eq!(street.text("#read-cart").as_deref(), Some("1 × Heather Honey, 2 × Sencha"));
    assert_eq!(street.theme(), "dark");
    assert!(street.is_logged_in());
}
