//! The shop without a socket or a browser.

mod pages;
mod promises;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use session::MemoryStore;
use tower::ServiceExt as _;

use crate::app;

/// A browser with one cookie.
#[derive(Clone)]
struct Visitor {
    shop: Router,
    cookie: String,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Visitor {
    fn new() -> Self {
        Self { shop: app(MemoryStore::new()).unwrap(), cookie: String::new() }
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        self.send(Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded"), form).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: &str) -> Page {
        let request = request.header(ACCEPT, "text/html,*/*").header(COOKIE, &self.cookie);
        let response = self.shop.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        let page = Page { status: head.status, headers: head.headers, text };
        if let Some((pair, _)) = page.header("set-cookie").split_once(';') {
            self.cookie = pair.into();
        }
        page
    }

    /// Fills in the login form as it is now.
    async fn login(&mut self, user: &str, password: &str) -> Page {
        let form = self.get("/login").await;
        self.send_login(&form, user, password).await
    }

    /// Fills in the login form that `page` shows.
    async fn send_login(&mut self, page: &Page, user: &str, password: &str) -> Page {
        let (token, next) = (page.field("token"), page.field("next"));
        self.post("/login", &format!("user={user}&password={password}&token={token}&next={next}")).await
    }
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the page redirects to.
    fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header("location")
    }

    /// The value of a form's field.
    fn field(&self, name: &str) -> &str {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }

    fn between(&self, start: &str, end: &str) -> &str {
        let (_, rest) = self.text.split_once(start).unwrap_or_else(|| panic!("no {start} in {}", self.text));
        rest.split_once(end).unwrap().0
    }

    fn total(&self) -> &str {
        self.between("id=\"total\">", "<")
    }
}

#[tokio::test]
async fn a_cart_is_filled_kept_by_a_login_and_ordered_once() {
    let mut visitor = Visitor::new();
    for sku in ["sencha", "sencha", "honey", "cup"] {
        assert_eq!(visitor.post("/cart/add", &format!("sku={sku}")).await.location(), "/");
    }
    visitor.post("/cart", "sku=honey&quantity=3").await;
    visitor.post("/cart", "sku=cup&quantity=0").await;
    assert_eq!(visitor.get("/cart").await.total(), "€38.20");
    assert_eq!(visitor.post("/order", "").await.status, StatusCode::UNAUTHORIZED);

    visitor.login("grace", "demo").await;
    assert_eq!(visitor.get("/cart").await.total(), "€38.20");
    let mut twice = visitor.clone();
    let (one, two) = tokio::join!(visitor.post("/order", ""), twice.post("/order", ""));
    assert_eq!((one.location(), two.location()), ("/account", "/account"));
    let account = visitor.get("/account").await.text;
    assert!(account.contains("Order 1 is on its way"));
    assert_eq!(account.matches("€38.20").count(), 1);
}

#[tokio::test]
async fn only_the_right_password_and_form_log_in() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.get("/account").await.location(), "/login");

    let refused = visitor.login("ada", "wrong").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("role=\"alert\">The name or the password is wrong"), "{}", refused.text);
    assert!(!refused.text.contains("role=\"status\""), "an error is no notice");
    assert_eq!(refused.field("user"), "ada", "the name stays");
    assert!(!refused.text.contains("wrong\""), "the password does not");
    assert!(!visitor.get("/login").await.text.contains("role=\"alert\""));

    let stale = visitor.post("/login", "user=ada&password=demo&token=&next=account").await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.text.contains("out of date") && stale.field("user") == "ada", "{}", stale.text);
    assert_eq!(visitor.get("/account").await.location(), "/login");

    let anonymous = visitor.cookie.clone();
    assert_eq!(
        visitor.send_login(&stale, "ada", "demo").await.location(),
        "/account",
        "the refused form can be sent again"
    );
    assert_ne!(visitor.cookie, anonymous);
    assert!(visitor.get("/account").await.text.contains("Hello, ada"));
}

#[tokio::test]
async fn a_login_from_another_site_is_refused() {
    let mut visitor = Visitor::new();
    visitor.login("ada", "demo").await;
    let token = visitor.get("/login").await.field("token").to_owned();
    // The browser sends no `SameSite` cookie along, whichever token the other site knows.
    let mut elsewhere = Visitor { cookie: String::new(), ..visitor.clone() };
    let refused = elsewhere.post("/login", &format!("user=edsger&password=demo&token={token}&next=account")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(elsewhere.get("/account").await.location(), "/login");
}

#[tokio::test]
async fn the_login_forms_of_two_tabs_both_work() {
    let mut visitor = Visitor::new();
    let (one, other) = (visitor.get("/login").await, visitor.get("/login").await);
    assert_eq!(visitor.send_login(&one, "ada", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(visitor.send_login(&one, "ada", "demo").await.location(), "/account");
    assert_eq!(visitor.send_login(&other, "grace", "demo").await.location(), "/account");
    assert!(visitor.get("/account").await.text.contains("Hello, grace"));

    visitor.post("/logout", "").await;
    let late = visitor.send_login(&one, "ada", "demo").await;
    assert!(late.text.contains("out of date"), "a logout ends the forms: {}", late.text);
}

#[tokio::test]
async fn a_login_returns_to_the_cart_but_to_no_other_site() {
    let mut visitor = Visitor::new();
    visitor.post("/cart/add", "sku=sencha").await;
    let cart = visitor.get("/cart").await;
    let link = cart.between("class=\"main\" href=\"", "\"").to_owned();
    let form = visitor.get(&link).await;
    let refused = visitor.send_login(&form, "ada", "wrong").await;
    assert_eq!(
        visitor.send_login(&refused, "ada", "demo").await.location(),
        "/cart",
        "a wrong password does not forget it"
    );

    for elsewhere in ["//elsewhere.example", "https://elsewhere.example", "/cart", ""] {
        let page = visitor.get(&format!("/login?next={elsewhere}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{elsewhere}");
    }
    let token = visitor.get("/login").await.field("token").to_owned();
    let form = format!("user=ada&password=demo&token={token}&next=//elsewhere.example");
    assert_eq!(visitor.post("/login", &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_login_keeps_the_visits_and_a_logout_does_not() {
    let mut visitor = Visitor::new();
    for _ in 0..3 {
        visitor.get("/").await;
    }
    visitor.login("ada", "demo").await;
    assert_eq!(visitor.get("/").await.between("id=\"visits\">", "<"), "4");
    visitor.post("/logout", "").await;
    assert_eq!(visitor.get("/").await.between("id=\"visits\">", "<"), "1");
}

#[tokio::test]
async fn the_theme_is_the_systems_until_chosen_and_a_logout_leaves_it() {
    let mut visitor = Visitor::new();
    assert!(visitor.get("/cart").await.text.contains("<html lang=\"en\" data-theme=\"system\">"));
    visitor.login("edsger", "demo").await;
    visitor.post("/cart/add", "sku=teapot").await;
    assert_eq!(visitor.post("/theme", "theme=dark&back=cart").await.location(), "/cart");
    assert_eq!(visitor.post("/logout", "").await.location(), "/goodbye");
    let cart = visitor.get("/cart").await.text;
    assert!(cart.contains("data-theme=\"dark\"") && cart.contains("Your cart is empty"));
    assert_eq!(visitor.get("/account").await.location(), "/login");
    visitor.post("/theme", "theme=system&back=cart").await;
    assert!(visitor.get("/cart").await.text.contains("data-theme=\"system\""));
}
