//! The experiments of the page `/promises`.

use std::time::Duration;

use super::*;
use crate::switch::AWAY;

impl Visitor {
    async fn presses(&mut self) -> String {
        self.get("/promises/presses").await.text
    }
}

#[tokio::test]
async fn parallel_presses_are_all_kept() {
    let mut visitor = Visitor::new();
    visitor.get("/promises").await;
    let mut tasks = Vec::new();
    for _ in 0..40 {
        let mut window = visitor.clone();
        tasks.push(tokio::spawn(async move { window.post("/promises/press", "").await.location().to_owned() }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), "/promises#race");
    }
    assert_eq!(visitor.presses().await, "40");
    assert!(visitor.get("/promises").await.text.contains("id=\"presses\">40<"));
}

#[tokio::test]
async fn a_session_of_release_1_is_read() {
    let mut visitor = Visitor::new();
    visitor.post("/cart/add", "sku=teapot").await;
    assert_eq!(visitor.post("/promises/release-1", "").await.location(), "/promises?release=1#releases");
    let page = visitor.get("/promises?release=1").await;
    for (key, stored, read) in [
        ("cart", "[&quot;sencha&quot;,&quot;sencha&quot;,&quot;honey&quot;]", "1 × Heather Honey, 2 × Sencha"),
        ("dark", "true", "colours: dark"),
        ("visits", "7", "catalogue opened 7 times"),
        (
            "message",
            "&quot;Release 1 of the shop wrote this message.&quot;",
            "notice: Release 1 of the shop wrote this message.",
        ),
        ("coupon", "&quot;TEA10&quot;", "not used any more; kept, in case the earlier release comes back"),
    ] {
        let row = format!("<code>{stored}</code></td><td id=\"read-{key}\">{read}</td>");
        assert!(page.text.contains(&row), "{row}: {}", page.text);
    }
    assert!(page.text.contains("data-theme=\"dark\""));
    assert!(page.text.contains("role=\"status\">Release 1 of the shop wrote this message.<"));
    // It goes on as a session of today's release.
    visitor.post("/cart/add", "sku=honey").await;
    assert_eq!(visitor.get("/cart").await.total(), "€31.40");
}

#[tokio::test]
async fn a_session_of_release_2_is_read_and_its_visitor_stays_logged_in() {
    let mut visitor = Visitor::new();
    visitor.login("ada", "demo").await;
    visitor.post("/cart/add", "sku=teapot").await;
    let before = visitor.cookie.clone();
    assert_eq!(visitor.post("/promises/release-2", "").await.location(), "/promises?release=2#releases");
    assert_ne!(visitor.cookie, before, "release 2 gives a new token as well");
    let page = visitor.get("/promises?release=2").await.text;
    for read in [
        "id=\"read-cart\">2 × Morning Cup, 2 × Earl Grey<",
        "id=\"read-theme\">colours: dark<",
        "id=\"read-visits\">catalogue opened 12 times<",
        "id=\"read-orders\">No. 1: 2 items for €53.00<",
    ] {
        assert!(page.contains(read), "{read}: {page}");
    }
    let account = visitor.get("/account").await.text;
    assert!(account.contains("Hello, ada") && account.contains("€53.00"));
}

/// What is on the page is what the earlier releases in the schema lock have stored, and not something that looks like
/// it.
#[tokio::test]
async fn the_samples_have_the_fields_of_the_lock() {
    let lock = include_str!("../../sessions/shop.lock");
    for (release, version) in
        [(crate::releases::Release::First, "\nversion 1 "), (crate::releases::Release::Second, "\nversion 2 ")]
    {
        let (_, locked) = lock.split_once(version).unwrap();
        let locked = locked.split_once("\n\n").unwrap().0;
        for (key, _) in crate::releases::stored(release) {
            assert!(locked.contains(&format!("\n  {key}: ")), "{key} in version{version}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_store_every_page_is_a_503_and_nothing_is_lost() {
    let mut visitor = Visitor::new();
    visitor.login("ada", "demo").await;
    visitor.post("/cart/add", "sku=teapot").await;
    visitor.post("/promises/press", "").await;
    let cookie = visitor.cookie.clone();
    assert_eq!(visitor.post("/promises/store", "store=take-away").await.location(), "/promises#store");
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/cart"),
        ("GET", "/account"),
        ("POST", "/promises/press"),
        ("POST", "/promises/release-1"),
        ("POST", "/logout"),
    ] {
        let page = visitor.send(Request::builder().method(method).uri(path), "").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
        assert_eq!((page.header("retry-after"), page.header("set-cookie")), ("2", ""), "{method} {path}");
        assert!(page.text.contains("Leaf &amp; Kettle") && page.text.contains("role=\"alert\""), "{}", page.text);
        assert!(page.text.contains("It comes back by itself in 9 s") || page.text.contains("in 10 s"), "{}", page.text);
        assert!(page.text.contains("value=\"give-back\""), "{}", page.text);
    }
    assert_eq!(visitor.get("/style.css").await.status, StatusCode::OK);
    assert_eq!(visitor.get("/nowhere").await.status, StatusCode::NOT_FOUND);

    assert_eq!(visitor.post("/promises/store", "store=give-back").await.location(), "/promises#store");
    let page = visitor.get("/promises").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<strong>1 item</strong> in your cart, logged in: <strong>ada</strong>"));
    assert_eq!(visitor.presses().await, "1");
    assert_eq!(visitor.cookie, cookie);
}

#[tokio::test(start_paused = true)]
async fn the_store_comes_back_by_itself() {
    let mut visitor = Visitor::new();
    visitor.get("/").await;
    visitor.post("/promises/store", "store=take-away").await;
    tokio::time::advance(AWAY - Duration::from_millis(1)).await;
    assert_eq!(visitor.get("/").await.status, StatusCode::SERVICE_UNAVAILABLE);
    tokio::time::advance(Duration::from_millis(1)).await;
    let page = visitor.get("/").await;
    assert_eq!((page.status, page.between("id=\"visits\">", "<")), (StatusCode::OK, "2"));
}

#[cfg(feature = "cookie")]
#[tokio::test]
async fn a_shop_in_cookies_says_that_it_has_no_store() {
    let keys = session::KeyRing::new(session::SecretKey::generate().unwrap());
    let mut visitor = Visitor { shop: crate::app_in_cookies(&keys).unwrap(), cookie: String::new() };
    visitor.login("ada", "demo").await;
    visitor.post("/promises/press", "").await;
    assert_eq!(visitor.presses().await, "1");
    visitor.post("/promises/store", "store=take-away").await;
    let page = visitor.get("/promises").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("the last response wins") && page.text.contains("no store that could be taken away"));
    assert!(!page.text.contains("value=\"take-away\""));
    visitor.post("/promises/release-1", "").await;
    assert!(visitor.get("/promises?release=1").await.text.contains("id=\"read-cart\">1 × Heather Honey, 2 × Sencha<"));
    assert!(visitor.get("/account").await.text.contains("Hello, ada"));
}
