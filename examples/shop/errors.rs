//! Errors get a page of the shop: an unknown address, a form that cannot be read, a store that does not answer.
//!
//! Handlers and extractors answer with a bare status, as in any axum app. Two middlewares put a page around it, for
//! visitors who asked for a page: a script or an image gets the status alone, and must not use up the notice of the
//! visitor's next page.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use maud::Markup;
use session::Session;

use crate::pages;
use crate::switch::Switch;
use crate::visitor::Shop;

/// Inside the session layer: the page shows the visitor's theme, cart and name.
pub async fn with_session(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut visitor = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if !response.status().is_client_error() || !needs_page(&visitor.headers, &response) {
        return response;
    }
    match Session::<Shop>::from_request_parts(&mut visitor, &()).await {
        Ok(mut session) => {
            let page = pages::error(Some(&mut session), response.status(), None);
            with_page(response, page)
        },
        Err(_) => response,
    }
}

/// Outside the session layer: for errors of the layer itself, and of the store.
pub async fn without_session(State(switch): State<Option<Switch>>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || !needs_page(&headers, &response) {
        return response;
    }
    let away: Option<Duration> = switch.and_then(|switch| switch.remaining());
    with_page(response, pages::error(None, status, away))
}

fn needs_page(asked: &HeaderMap, response: &Response) -> bool {
    let names_html = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    asked.get(ACCEPT).is_some_and(names_html) && !response.headers().get(CONTENT_TYPE).is_some_and(names_html)
}

/// `response` with another body. Its status and all other headers stay: `Allow`, `Retry-After`, `Set-Cookie`.
fn with_page(response: Response, page: Markup) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(head, Body::from(page.into_string()))
}
