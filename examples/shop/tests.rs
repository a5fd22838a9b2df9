//! The shop without a socket or a browser.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use session::MemoryStore;
use tower::ServiceExt as _;

use crate::app;

/// Keeps the one cookie there is.
#[derive(Clone)]
struct Visitor {
    shop: Router,
    cookie: String,
}

struct Page {
    status: StatusCode,
    location: String,
    text: String,
}

impl Visitor {
    fn new() -> Self {
        Self { shop: app(MemoryStore::new()).unwrap(), cookie: String::new() }
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path).header(ACCEPT, "text/html"), "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        self.send(Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded"), form).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: &str) -> Page {
        let request = request.header(COOKIE, &self.cookie).body(Body::from(body.to_owned())).unwrap();
        let (head, body) = self.shop.clone().oneshot(request).await.unwrap().into_parts();
        let header = |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap());
        if let Some((pair, _)) = header(SET_COOKIE).split_once(';') {
            self.cookie = pair.into();
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Page { status: head.status, location: header(LOCATION).into(), text }
    }

    async fn login(&mut self, user: &str, password: &str) -> Page {
        let form = self.get("/login").await.text;
        let token = between(&form, "name=\"token\" value=\"", "\"");
        self.post("/login", &format!("user={user}&password={password}&token={token}")).await
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[tokio::test]
async fn a_cart_is_filled_kept_by_a_login_and_ordered_once() {
    let mut visitor = Visitor::new();
    for sku in ["sencha", "sencha", "honey", "cup"] {
        let added = visitor.post("/cart/add", &format!("sku={sku}")).await;
        assert_eq!((added.status, &*added.location), (StatusCode::SEE_OTHER, "/"));
    }
    visitor.post("/cart", "sku=honey&quantity=3").await;
    visitor.post("/cart", "sku=cup&quantity=0").await;
    let total = |page: &Page| between(&page.text, "id=\"total\">", "<").to_owned();
    assert_eq!(total(&visitor.get("/cart").await), "€38.20");
    assert_eq!(visitor.post("/order", "").await.status, StatusCode::UNAUTHORIZED);

    visitor.login("grace", "demo").await;
    assert_eq!(total(&visitor.get("/cart").await), "€38.20");
    let mut twice = visitor.clone();
    let (one, two) = tokio::join!(visitor.post("/order", ""), twice.post("/order", ""));
    assert_eq!((&*one.location, &*two.location), ("/account", "/account"));
    let account = visitor.get("/account").await.text;
    assert!(account.contains("Order 1 is on its way"));
    assert_eq!(account.matches("€38.20").count(), 1);
}

#[tokio::test]
async fn only_the_right_password_and_form_log_in() {
    let mut visitor = Visitor::new();
    let refused = visitor.get("/account").await;
    assert_eq!((refused.status, &*refused.location), (StatusCode::SEE_OTHER, "/login"));

    assert_eq!(visitor.login("ada", "wrong").await.location, "/login");
    assert!(visitor.get("/login").await.text.contains("do not belong together"));
    assert!(!visitor.get("/login").await.text.contains("do not belong together"));
    visitor.post("/login", "user=ada&password=demo&token=").await;
    assert!(visitor.get("/login").await.text.contains("out of date"));

    let anonymous = visitor.cookie.clone();
    assert_eq!(visitor.login("ada", "demo").await.location, "/account");
    assert_ne!(visitor.cookie, anonymous);
    assert!(visitor.get("/account").await.text.contains("Hello, ada"));
}

#[tokio::test]
async fn a_logout_leaves_the_theme() {
    let mut visitor = Visitor::new();
    visitor.login("edsger", "demo").await;
    visitor.post("/cart/add", "sku=teapot").await;
    let chosen = visitor.post("/theme", "theme=dark&back=cart").await;
    assert_eq!(chosen.location, "/cart");
    assert_eq!(visitor.post("/logout", "").await.location, "/goodbye");
    let cart = visitor.get("/cart").await.text;
    assert!(cart.contains("data-theme=\"dark\"") && cart.contains("Nothing in it yet"));
    assert_eq!(visitor.get("/account").await.location, "/login");
}

#[tokio::test]
async fn the_session_page_shows_no_secret() {
    let mut visitor = Visitor::new();
    let form = visitor.get("/login").await.text;
    let token = between(&form, "name=\"token\" value=\"", "\"");
    let page = visitor.get("/session").await.text;
    assert!(page.contains("Some(Secret(…))") && (page.contains("in 29 min") || page.contains("in 30 min")));
    let (_, value) = visitor.cookie.split_once('=').unwrap();
    assert!(token.len() == 32 && !page.contains(token));
    assert!(value.len() == 44 && !page.contains(value));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.post("/cart/add", "sku=coffee").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.post("/theme", "theme=dark&back=//elsewhere").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(visitor.cookie.is_empty());
}
