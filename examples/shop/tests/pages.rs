//! Error pages, and what the session page shows.

use super::*;

const HTML: &str = "text/html; charset=utf-8";

#[tokio::test]
async fn errors_are_pages_of_the_shop_with_their_status() {
    let mut visitor = Visitor::new();
    visitor.post("/theme", "theme=dark&back=catalogue").await;
    visitor.post("/cart/add", "sku=sencha").await;
    visitor.get("/").await;
    let cookie = visitor.cookie.clone();
    for (status, method, path, form) in [
        (404, "GET", "/nowhere", ""),
        (404, "POST", "/cart/add", "sku=coffee"),
        (404, "POST", "/cart", "sku=coffee&quantity=1"),
        (405, "GET", "/cart/add", ""),
        (405, "DELETE", "/cart", ""),
        (422, "POST", "/cart/add", "product=sencha"),
        (422, "POST", "/cart", "sku=sencha&quantity=several"),
        (422, "POST", "/cart", "sku=sencha&quantity=-1"),
        (422, "POST", "/cart", "sku=sencha&quantity=99999999999"),
        (422, "POST", "/theme", "theme=pink&back=cart"),
        (422, "POST", "/theme", "theme=dark&back=//elsewhere"),
        (422, "POST", "/login", "user=ada"),
        (422, "POST", "/promises/store", "store=sell"),
        (400, "GET", "/login?next=elsewhere", ""),
        (400, "GET", "/promises?release=9", ""),
        (401, "POST", "/order", ""),
    ] {
        let request = Request::builder().method(method).uri(path);
        let page = visitor.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded"), form).await;
        assert_eq!(page.status, status, "{method} {path} {form}");
        assert_eq!(page.header("content-type"), HTML, "{method} {path} {form}");
        let shown = page.text.contains("Leaf &amp; Kettle") && page.text.contains(&format!("Error {status}"));
        assert!(shown && page.text.contains("role=\"alert\""), "{method} {path} {form}: {}", page.text);
        assert!(
            page.text.contains("data-theme=\"dark\"") && page.text.contains("class=\"badge\">1<"),
            "knows its visitor"
        );
        assert_eq!(page.text.len().to_string(), page.header("content-length"), "{method} {path}");
    }
    let wrong_type = visitor.send(Request::post("/cart/add").header(CONTENT_TYPE, "text/plain"), "sku=sencha").await;
    assert_eq!((wrong_type.status.as_u16(), wrong_type.header("content-type")), (415, HTML));
    assert_eq!(visitor.send(Request::delete("/cart"), "").await.header("allow"), "GET,HEAD,POST");
    assert_eq!(visitor.cookie, cookie);
    assert!(visitor.get("/cart").await.total() == "€8.90", "nothing was changed");
}

/// A missing image must not use up the notice of the visitor's next page.
#[tokio::test]
async fn only_a_visitor_who_asks_for_a_page_gets_an_error_page() {
    let mut visitor = Visitor::new();
    visitor.post("/cart/add", "sku=sencha").await;
    let image = Request::get("/missing.png").header(ACCEPT, "image/png").header(COOKIE, &visitor.cookie);
    let response = visitor.shop.clone().oneshot(image.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert!(visitor.get("/").await.text.contains("Sencha is in your cart"));
}

#[tokio::test]
async fn an_error_page_makes_no_session() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.post("/cart/add", "sku=coffee").await.status, StatusCode::NOT_FOUND);
    assert!(visitor.cookie.is_empty());
}

#[tokio::test]
async fn the_session_page_shows_values_as_a_person_reads_them_and_no_secret() {
    let mut visitor = Visitor::new();
    let empty = visitor.get("/session").await.text;
    for expected in ["Logged in\">no<", "Cart\">none<", "Login form's secret\">none<", "because nothing is stored yet"]
    {
        assert!(empty.contains(expected), "{expected}: {empty}");
    }
    for _ in 0..2 {
        visitor.post("/cart/add", "sku=sencha").await;
    }
    visitor.login("ada", "demo").await;
    visitor.post("/order", "").await;
    visitor.post("/cart", "sku=honey&quantity=3").await;
    visitor.get("/").await;
    let token = visitor.get("/login").await.field("token").to_owned();
    let page = visitor.get("/session").await;
    for expected in [
        "Logged in\">ada<",
        "Catalogue opened\">once<",
        "Colours\">as the system<",
        "<li>3 × Heather Honey</li>",
        "Together €20.40",
        "<li>No. 1: 2 items for €17.80</li>",
        "Next page says\">nothing<",
        "Login form's secret\"><span role=\"img\" aria-label=\"hidden\">••••••••</span>",
        "Counter of “Promises”\">0<",
        "UTC, 0 s ago",
        "Unreadable values\">0<",
    ] {
        assert!(page.text.contains(expected), "{expected}: {}", page.text);
    }
    assert!(page.text.contains("UTC, in 29 min") || page.text.contains("UTC, in 30 min"), "{}", page.text);
    assert!(page.text.contains("UTC, in 11 h 59 min") || page.text.contains("UTC, in 12 h 0 min"), "{}", page.text);
    for debug in ["Some(", "None", "Secret", "Price(", "{", "["] {
        let main = page.between("<main", "</main>");
        assert!(!main.contains(debug), "{debug}: {main}");
    }
    let (_, value) = visitor.cookie.split_once('=').unwrap();
    assert!(token.len() == 32 && !page.text.contains(&token));
    assert!(value.len() == 44 && !page.text.contains(value));
}

/// A hidden field needs none.
#[tokio::test]
async fn every_field_has_a_label_and_every_page_a_way_past_the_menu() {
    let mut visitor = Visitor::new();
    visitor.post("/cart/add", "sku=sencha").await;
    for path in ["/", "/cart", "/login", "/session", "/promises", "/goodbye", "/nowhere"] {
        let page = visitor.get(path).await.text;
        assert!(page.contains("class=\"skip\" href=\"#content\"") && page.contains("<main id=\"content\""), "{path}");
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        for (at, _) in page.match_indices("<input ") {
            let (before, tag) = (&page[..at], page[at..].split_once('>').unwrap().0);
            let in_label = before.matches("<label>").count() > before.matches("</label>").count();
            assert!(in_label || tag.contains("aria-label=") || tag.contains("type=\"hidden\""), "{path}: {tag}");
        }
    }
}
