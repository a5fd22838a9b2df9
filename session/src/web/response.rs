//! The HTTP response head of a request that used its session: status, `Set-Cookie`, `Cache-Control` and its relatives,
//! `Vary`, `Retry-After`, `WWW-Authenticate`.

use std::time::Duration;

use http::header::{CACHE_CONTROL, EXPIRES, Entry, RETRY_AFTER, SET_COOKIE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::base::error::{Error, ErrorKind};
#[cfg(feature = "axum")]
use crate::base::report::with_causes;
use crate::engine::config::Config;
use crate::engine::request::{CookieChange, RequestSession};

/// The status of the response that an error becomes where no handler handles it.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::Undecodable | ErrorKind::Newer => {
            StatusCode::SERVICE_UNAVAILABLE
        },
        ErrorKind::Conflict | ErrorKind::Superseded | ErrorKind::Gone => StatusCode::CONFLICT,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Invalid
        | ErrorKind::Unencodable
        | ErrorKind::Panicked
        | ErrorKind::TooLarge
        | ErrorKind::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The body of such a response. A release build tells clients nothing about the inside of the server; a debug build
/// shows the developer the whole message, with its causes.
#[cfg(feature = "axum")]
pub(crate) fn body_of(error: &Error) -> String {
    let public = match status_of(error.kind()) {
        StatusCode::SERVICE_UNAVAILABLE => "sessions are unavailable, try again soon",
        StatusCode::CONFLICT => "the session was changed by another request, try again",
        StatusCode::UNAUTHORIZED => "log in first",
        _ => "the session could not be used",
    };
    match cfg!(debug_assertions) && error.kind() != ErrorKind::Unauthenticated {
        true => {
            format!("{public}\n\n{}\n\n(debug builds only: release builds send the first line)\n", with_causes(error))
        },
        false => public.to_owned(),
    }
}

/// Gives a response that no handler has made the body of `error`. Only axum's type of body is known here; of another
/// type, the body stays empty.
pub(crate) fn write_body<Body: 'static>(response: &mut Response<Body>, error: &Error) {
    #[cfg(feature = "axum")]
    if let Some(body) = (response.body_mut() as &mut dyn std::any::Any).downcast_mut::<axum_core::body::Body>() {
        *body = body_of(error).into();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(http::header::CONTENT_TYPE, text);
    }
    #[cfg(not(feature = "axum"))]
    let _ = (response, error);
}

/// The challenge of a 401, which must have one (RFC 9110, section 11.6.1). Browsers open a password dialog for `Basic`
/// and other schemes that they know. No browser knows this one, and a client can tell by it that a cookie is needed.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Session");

/// Writes the session's part of the head: the cookie, if it changed, and headers that keep the response out of shared
/// caches (RFC 9111, section 5.2.2).
pub(crate) fn write_headers(session: &RequestSession, headers: &mut HeaderMap) {
    let Config { cookie, absolute, .. } = &session.engine.config;
    let cookie = match session.take_cookie_change() {
        Some(CookieChange::Issue(token)) => {
            cookie.issue(str::from_utf8(&token.to_chars()).unwrap_or_default(), *absolute)
        },
        Some(CookieChange::Sealed(value)) => cookie.issue(&value, *absolute),
        Some(CookieChange::Remove) => cookie.remove(),
        None => None,
    };
    let expires = remove_targeted(headers);
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if expires {
            headers.remove(EXPIRES);
        }
    } else if let Entry::Vacant(vacant) = headers.entry(CACHE_CONTROL) {
        vacant.insert(HeaderValue::from_static("private"));
    } else if let Some(private) = with_private(headers) {
        headers.insert(CACHE_CONTROL, private);
    }
    // Caches exist that obey `Expires` rather than `private`. Zero is in the past, for every cache.
    if expires && let Entry::Occupied(mut expires) = headers.entry(EXPIRES) {
        expires.insert(HeaderValue::from_static("0"));
    }
    headers.append(VARY, HeaderValue::from_static("cookie"));
}

/// Removes headers that are for shared caches only and take precedence over `Cache-Control` there: without them it
/// decides. Answers whether there is an `Expires`.
fn remove_targeted(headers: &mut HeaderMap) -> bool {
    let mut expires = false;
    let found = headers.keys().inspect(|name| expires |= *name == EXPIRES).filter(|name| is_targeted(name));
    let targeted: Vec<HeaderName> = found.cloned().collect();
    for name in targeted {
        headers.remove(name);
    }
    expires
}

/// `CDN-Cache-Control` (RFC 9213, section 3) and its forms for one vendor, such as `Cloudflare-CDN-Cache-Control`;
/// `Surrogate-Control`; and what Akamai and nginx read.
fn is_targeted(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.ends_with("-cache-control") || matches!(name, "surrogate-control" | "edge-control" | "x-accel-expires")
}

/// Adds what the client of a failed request needs: no stored copy, and when to try again or that a login is needed.
pub(crate) fn write_failure_headers(status: StatusCode, retry_after: Duration, headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs())),
        StatusCode::UNAUTHORIZED => headers.insert(WWW_AUTHENTICATE, CHALLENGE),
        _ => None,
    };
}

/// A handler's own `Cache-Control` with `private` in place of what allows shared caches. `None` if it keeps shared
/// caches out already.
fn with_private(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|line| line.to_str().ok());
    let directives: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    if directives.iter().any(|directive| is(directive, "private") || is(directive, "no-store")) {
        return None;
    }
    let shared =
        |directive: &str| is(directive, "public") || directive.get(..8).is_some_and(|start| is(start, "s-maxage"));
    let kept = directives.into_iter().filter(|directive| !directive.is_empty() && !shared(directive));
    let line = std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(line).ok()
}
