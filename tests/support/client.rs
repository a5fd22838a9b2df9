//! A client of a tower service, with a cookie jar.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// Sends requests to one app and keeps its cookie, as a browser does. Clones share the cookie jar.
#[derive(Clone)]
pub struct Client {
    app: Router,
    jar: Arc<Mutex<Option<String>>>,
}

/// The app's answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The `Set-Cookie` header, if there is one.
    pub fn set_cookie(&self) -> Option<&str> {
        self.headers.get(SET_COOKIE).map(|value| value.to_str().expect("ASCII"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// The body as a number.
    pub fn number(&self) -> u64 {
        self.text.parse().unwrap_or_else(|_| panic!("not a number: {self:?}"))
    }
}

impl Client {
    pub fn new(app: Router) -> Self {
        Self { app, jar: Arc::default() }
    }

    /// The same visitor, with the same jar, at another app.
    pub fn at(&self, app: Router) -> Self {
        Self { app, jar: Arc::clone(&self.jar) }
    }

    /// The cookie as it is sent, `name=value`.
    pub fn cookie(&self) -> Option<String> {
        self.jar.lock().expect("the jar").clone()
    }

    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.jar.lock().expect("the jar") = cookie;
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path).await
    }

    pub async fn send(&self, method: Method, path: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = self.cookie() {
            request = request.header(COOKIE, cookie);
        }
        let answer = ask(&self.app, request.body(Body::empty()).expect("a request")).await;
        if let Some(set) = answer.set_cookie() {
            let pair = set.split(';').next().unwrap_or_default();
            self.set_cookie((!pair.ends_with('=')).then(|| pair.to_owned()));
        }
        answer
    }
}

/// Sends one request without a cookie jar.
pub async fn ask(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&body).into_owned() }
}
