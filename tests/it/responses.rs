//! The head and the text of responses: what caches may keep, what a client without a login is told, and what a failed
//! commit answers.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode};
use session::testing::{FailingStore, Fault};
use session::{Error, ErrorKind, LoggedIn, MemoryStore, Session, Sessions};
use session_tests::client::{Client, ask};

#[derive(Session)]
#[session(name = "shop", lock = off)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
}

fn sessions() -> Sessions<Shop> {
    Sessions::<Shop>::builder().store(MemoryStore::new()).login_path("/login").build().unwrap()
}

/// Headers that allow shared caches to keep a response, whatever its `Cache-Control` says.
const FOR_CACHES: [(&str, &str); 9] = [
    ("cdn-cache-control", "max-age=600"),
    ("cloudflare-cdn-cache-control", "max-age=600"),
    ("vercel-cdn-cache-control", "max-age=600"),
    ("netlify-cdn-cache-control", "public, durable, s-maxage=600"),
    ("x-litespeed-cache-control", "public, max-age=600"),
    ("surrogate-control", "max-age=600"),
    ("edge-control", "!no-store, max-age=600"),
    ("x-accel-expires", "600"),
    ("expires", "Thu, 31 Dec 2099 23:59:59 GMT"),
];

fn for_caches() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in FOR_CACHES {
        headers.append(name, value.parse().unwrap());
        headers.append(name, value.parse().unwrap());
    }
    headers.insert("cache-control", "public, max-age=600".parse().unwrap());
    headers.insert("etag", "\"1\"".parse().unwrap());
    headers
}

#[tokio::test]
async fn headers_for_shared_caches_do_not_survive_beside_a_session() {
    let app = Router::new()
        .route(
            "/write",
            get(async |mut session: Session<Shop>| {
                session.visits += 1;
                session.rotate();
                for_caches()
            }),
        )
        .route("/destroy", get(async |session: Session<Shop>| (session.destroy(), for_caches()).1))
        .route("/read", get(async |_: Session<Shop>| for_caches()))
        .route("/no-session", get(async || for_caches()))
        .layer(sessions());
    let client = Client::new(app);
    for (path, cookie, control) in
        [("/write", true, "no-store"), ("/read", false, "private, max-age=600"), ("/destroy", true, "no-store")]
    {
        let answer = client.get(path).await;
        assert_eq!(answer.set_cookie().is_some(), cookie, "{path}");
        assert_eq!(answer.header("cache-control"), Some(control), "{path}");
        for (name, _) in FOR_CACHES {
            // A page that only depends on the session may be old already, which is what `Expires: 0` says.
            let expected = (name == "expires" && !cookie).then_some("0");
            let all: Vec<_> = answer.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(all, Vec::from_iter(expected), "{path}: {name}");
        }
        assert_eq!(answer.header("etag"), Some("\"1\""), "{path}");
    }
    let untouched = client.get("/no-session").await;
    assert!(FOR_CACHES.iter().all(|(name, value)| untouched.header(name) == Some(value)), "{untouched:?}");
}

fn page(method: Method) -> Request {
    let request = Request::builder().method(method).uri("/account").header("accept", "text/html");
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn head_is_answered_as_get() {
    let account = get(async |_: LoggedIn<Shop>| {}).post(async |_: LoggedIn<Shop>| {});
    let app = Router::new().route("/account", account).layer(sessions());
    for (method, status) in [(Method::GET, 303), (Method::HEAD, 303), (Method::POST, 401)] {
        let answer = ask(&app, page(method.clone())).await;
        assert_eq!(answer.status, status, "{method}");
        assert_eq!(answer.header("location"), (status == 303).then_some("/login"), "{method}");
    }
}

/// RFC 9110, section 11.6.1. Browsers open a password dialog for the schemes that they know; this one is unknown.
#[tokio::test]
async fn a_401_names_its_scheme() {
    let returned = async |session: LoggedIn<Shop>| -> Result<(), Error> { session.user().map(drop) };
    let logout = async |LoggedIn(mut session): LoggedIn<Shop>| -> Result<(), Error> {
        session.logout();
        LoggedIn::<Shop>(session).user().map(drop)
    };
    let app = Router::new()
        .route("/account", get(returned))
        .route("/login", get(async |mut session: Session<Shop>| session.login(7)))
        .route("/logout", get(logout))
        .layer(sessions());
    let client = Client::new(app);
    let refused = client.get("/account").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (StatusCode::UNAUTHORIZED, Some("Session")));
    let logged_in = client.get("/login").await;
    assert_eq!(logged_in.header("www-authenticate"), None);
    let returned = client.get("/logout").await;
    assert_eq!((returned.status, returned.header("www-authenticate")), (StatusCode::UNAUTHORIZED, Some("Session")));
}

/// The page of an outer layer, for the kind of the failure.
async fn kind_of(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let kind = response.extensions().get::<ErrorKind>().map(|kind| format!("{kind:?}"));
    if let Some(kind) = kind {
        response.headers_mut().insert("x-kind", kind.parse().unwrap());
    }
    response
}

#[tokio::test]
async fn a_failed_commit_answers_with_the_text_of_a_failed_load() {
    let store = FailingStore::new(MemoryStore::new());
    let gate = store.clone();
    let sessions = Sessions::<Shop>::builder().store(store.clone()).build().unwrap();
    let app = Router::new()
        .route("/read", get(async |session: Session<Shop>| session.visits.to_string()))
        .route(
            "/write",
            get(async move |mut session: Session<Shop>| {
                session.visits += 1;
                gate.fail(Fault::Before);
                "done"
            }),
        )
        .layer(sessions)
        .layer(from_fn(kind_of));
    let client = Client::new(app);
    let commit = client.get("/write").await;
    store.heal();
    client.set_cookie(Some(format!("__Host-shop={}", "A".repeat(44))));
    client.get("/read").await;
    let created = commit;
    assert_eq!((created.status, created.header("x-kind")), (StatusCode::SERVICE_UNAVAILABLE, Some("Unavailable")));
    assert!(created.text.starts_with("sessions are unavailable, try again soon"), "{created:?}");
    assert!(created.text.contains("injected: the call was not sent"), "debug builds show the cause: {created:?}");
    assert_eq!(created.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(created.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_commit_that_came_too_late_answers_with_a_text() {
    let store = MemoryStore::new();
    let sessions = Sessions::<Shop>::builder().store(store).build().unwrap();
    let other = sessions.clone();
    let app = Router::new()
        .route("/login", get(async |mut session: Session<Shop>| session.login(7)))
        .route(
            "/late",
            get(async move |mut session: Session<Shop>| {
                session.visits += 1;
                other.revoke_user(&7).await.unwrap();
            }),
        )
        .layer(sessions)
        .layer(from_fn(kind_of));
    let client = Client::new(app);
    client.get("/login").await;
    let late = client.get("/late").await;
    assert_eq!((late.status, late.header("x-kind")), (StatusCode::CONFLICT, Some("Gone")));
    assert!(late.text.starts_with("the session was changed by another request, try again"), "{late:?}");
}
