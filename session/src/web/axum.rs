//! Extractors for axum handlers.
//!
//! ```
//! use axum::{Router, routing::get};
//! use session::store::MemoryStore;
//! use session::{LoggedIn, Session, Sessions};
//!
//! #[derive(Session)]
//! struct Shop {
//!     #[session(user)]
//!     user: Option<u64>,
//!     #[session(merge = counter)]
//!     visits: u64,
//! }
//!
//! async fn home(mut session: Session<Shop>) -> String {
//!     session.visits += 1;
//!     format!("visit {}", session.visits)
//! }
//!
//! // 401 for anybody who is not logged in.
//! async fn account(LoggedIn(session): LoggedIn<Shop>) -> String {
//!     format!("user {:?}", session.user)
//! }
//!
//! // `None` where the client has no session.
//! async fn badge(session: Option<Session<Shop>>) -> &'static str {
//!     if session.is_some() { "known" } else { "new" }
//! }
//!
//! let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
//! let app: Router = Router::new()
//!     .route("/", get(home))
//!     .route("/account", get(account))
//!     .route("/badge", get(badge))
//!     .layer(sessions.layer());
//! # Ok::<(), session::ConfigError>(())
//! ```

use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::header::{ACCEPT, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::base::error::{Error, ErrorKind};
use crate::data::validation::Violations;
use crate::engine::handle::schema::{Identified, Schema};
use crate::engine::request::{RequestSession, status_of};
use crate::engine::sessions::Sessions;
use crate::web::tower::{slot, write_failure_headers};

/// A session in which somebody is logged in. Anybody else gets 401, or is sent to
/// [`login_path`](crate::SessionsBuilder::login_path).
///
/// A session type without a `#[session(user)]` field does not compile here.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "handlers destructure it")]
pub struct LoggedIn<S: Identified>(pub S::Handle);

/// Why a request did not get its session.
#[derive(Debug)]
pub struct Rejection {
    error: Error,
    kind: RejectionKind,
    request: Option<Arc<RequestSession>>,
}

#[derive(Debug)]
enum RejectionKind {
    Failed,
    Unauthenticated { login: Option<HeaderValue> },
}

impl Rejection {
    fn failed(error: Error, request: Option<Arc<RequestSession>>) -> Self {
        Self { error, kind: RejectionKind::Failed, request }
    }

    /// The status of the response that it becomes.
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            RejectionKind::Failed => status_of(self.error.kind()),
            RejectionKind::Unauthenticated { login: None } => StatusCode::UNAUTHORIZED,
            RejectionKind::Unauthenticated { login: Some(_) } => StatusCode::SEE_OTHER,
        }
    }

    /// What went wrong.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, body(status)).into_response();
        match self.kind {
            RejectionKind::Failed => {
                tracing::error!(error = %self.error, cause = ?std::error::Error::source(&self.error), "a request did not get its session");
                if let Some(request) = &self.request {
                    write_failure_headers(status, &request.engine.config, response.headers_mut());
                }
            },
            RejectionKind::Unauthenticated { login } => {
                if let Some(login) = login {
                    response.headers_mut().insert(LOCATION, login);
                }
            },
        }
        response
    }
}

/// What the client is told: nothing about the inside.
fn body(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "sessions are unavailable, try again soon",
        StatusCode::CONFLICT => "the session was changed by another request, try again",
        StatusCode::UNAUTHORIZED => "log in first",
        StatusCode::SEE_OTHER => "",
        _ => "the session could not be used",
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status_of(self.kind());
        let mut response = (status, body(status)).into_response();
        response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        tracing::error!(error = %self, cause = ?std::error::Error::source(&self), "a handler gave a session error back");
        response
    }
}

/// 422, with one line for each broken rule: what the client should have sent. It names fields and rules, never values.
impl IntoResponse for Violations {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.to_string()).into_response()
    }
}

/// What the emitted extractor does.
///
/// # Errors
///
/// A [`Rejection`]: the layer is missing, or the store cannot be used.
pub async fn extract<S: Schema>(parts: &Parts) -> Result<S::Handle, Rejection> {
    let opened = Sessions::<S>::extract(&parts.extensions, &parts.headers).await;
    opened.map_err(|error| Rejection::failed(error, slot::<S>(&parts.extensions).ok().cloned()))
}

/// What the emitted optional extractor does.
///
/// # Errors
///
/// As [`extract`].
pub async fn extract_optional<S: Schema>(parts: &Parts) -> Result<Option<S::Handle>, Rejection> {
    let handle = extract::<S>(parts).await?;
    Ok(Some(handle).filter(|handle| !handle.is_new()))
}

impl<S: Identified, State: Send + Sync> FromRequestParts<State> for LoggedIn<S> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<Self, Rejection> {
        let handle = extract::<S>(parts).await?;
        if S::user(&handle).is_some() {
            return Ok(Self(handle));
        }
        let slot = slot::<S>(&parts.extensions).ok().filter(|_| asks_for_a_page(parts));
        let login = slot.and_then(|slot| slot.engine.config.login_path.as_ref());
        Err(Rejection {
            error: Error::new(ErrorKind::Superseded, "nobody is logged in"),
            kind: RejectionKind::Unauthenticated { login: login.and_then(|path| HeaderValue::try_from(path).ok()) },
            request: None,
        })
    }
}

/// Whether a redirect would show a person a form, and not confuse a script.
fn asks_for_a_page(parts: &Parts) -> bool {
    let html =
        parts.headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"));
    parts.method == Method::GET && html
}

#[doc(hidden)]
#[macro_export]
macro_rules! __impl_extractor {
    ($handle:ident, $schema:ident) => {
        const _: () = {
            use $crate::__private::axum as __axum;

            #[automatically_derived]
            impl<__State: ::core::marker::Send + ::core::marker::Sync> __axum::FromRequestParts<__State> for $handle {
                type Rejection = __axum::Rejection;

                async fn from_request_parts(
                    parts: &mut __axum::Parts,
                    _state: &__State,
                ) -> ::core::result::Result<Self, __axum::Rejection> {
                    __axum::extract::<$schema>(parts).await
                }
            }

            #[automatically_derived]
            impl<__State: ::core::marker::Send + ::core::marker::Sync> __axum::OptionalFromRequestParts<__State>
                for $handle
            {
                type Rejection = __axum::Rejection;

                async fn from_request_parts(
                    parts: &mut __axum::Parts,
                    _state: &__State,
                ) -> ::core::result::Result<::core::option::Option<Self>, __axum::Rejection> {
                    __axum::extract_optional::<$schema>(parts).await
                }
            }
        };
    };
}
