//! Extractors for axum handlers.
//!
//! ```
//! use axum::{Router, routing::get};
//! use session::{LoggedIn, MemoryStore, Session, Sessions};
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
//! // Other visitors get 401.
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
//!     .layer(sessions);
//! # Ok::<(), session::ConfigError>(())
//! ```

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::header::{ACCEPT, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::base::error::{Error, ErrorKind};
use crate::base::report::report;
use crate::data::validation::Violations;
use crate::engine::config::DEFAULT_RETRY_AFTER;
use crate::engine::handle::schema::{Identified, Schema};
use crate::engine::handle::tracked::Tracked;
use crate::engine::request::RequestSession;
use crate::engine::sessions::Sessions;
use crate::web::response::{body_of, status_of, write_failure_headers};
use crate::web::tower::request_session;

/// The session of a visitor who is logged in. Other visitors get 401, or a redirect to
/// [`login_path`](crate::SessionsBuilder::login_path).
///
/// It is an axum extractor. `Option<LoggedIn<T>>` is `None` for a visitor who is not logged in. A session type without
/// a `#[session(user)]` field does not compile here.
///
/// It contains the session, so a handler takes either `LoggedIn<T>` or `Session<T>`. A handler that takes both has two
/// handles of one session, each with fields of its own: neither shows the unsaved changes of the other.
///
/// ```
/// use axum::{Router, routing::get};
/// use session::{LoggedIn, MemoryStore, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     #[session(user)]
///     user: Option<u64>,
/// }
///
/// async fn account(LoggedIn(session): LoggedIn<Shop>) -> String {
///     format!("user {:?}", session.user)
/// }
///
/// async fn greeting(logged_in: Option<LoggedIn<Shop>>) -> String {
///     match logged_in {
///         Some(LoggedIn(session)) => format!("Hello, user {:?}", session.user),
///         None => "Hello".into(),
///     }
/// }
///
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).login_path("/login").build()?;
/// let app: Router = Router::new().route("/", get(greeting)).route("/account", get(account)).layer(sessions);
/// # Ok::<(), session::ConfigError>(())
/// ```
#[expect(clippy::exhaustive_structs, reason = "handlers destructure it")]
pub struct LoggedIn<S: Identified>(pub S::Handle);

impl<S: Identified> LoggedIn<S> {
    /// The user who is logged in: the value of the `user` field, without its `Option`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] (401) if the handler itself has logged the user out.
    ///
    /// ```
    /// use session::{LoggedIn, Session};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     #[session(user)]
    ///     user: Option<u64>,
    /// }
    ///
    /// async fn account(logged_in: LoggedIn<Shop>) -> Result<String, session::Error> {
    ///     Ok(format!("user {}", logged_in.user()?))
    /// }
    /// ```
    pub fn user(&self) -> Result<&S::User, Error> {
        S::user(&self.0).ok_or_else(not_logged_in)
    }
}

#[cold]
fn not_logged_in() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the visitor is not logged in")
}

impl<S: Identified> std::fmt::Debug for LoggedIn<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LoggedIn").field(&self.0).finish()
    }
}

/// Why an extractor did not get a session. It is the rejection type of `Session<T>` and [`LoggedIn<T>`](LoggedIn), so
/// `Result<Session<T>, Rejection>` is an extractor too.
///
/// As a response it has the status of its [`ErrorKind`], or is a redirect to the
/// [`login_path`](crate::SessionsBuilder::login_path). Its body names no detail, except in debug builds. The
/// `ErrorKind` is in the response's extensions, so that an outer layer can draw a page of its own. A 401 has
/// `WWW-Authenticate: Session`, a scheme for which browsers open no password dialog.
///
/// ```
/// use session::{Rejection, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// /// This page also works while the store is down.
/// async fn home(session: Result<Session<Shop>, Rejection>) -> String {
///     match session {
///         Ok(session) => format!("visit {}", session.visits),
///         Err(rejection) => format!("no session: {}", rejection.error()),
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Rejection {
    error: Error,
    login: Option<HeaderValue>,
    retry_after: Duration,
    /// The session layer's part of the request.
    request: Option<Arc<RequestSession>>,
}

impl Rejection {
    fn failed<S: Schema>(error: Error, parts: &Parts) -> Self {
        let session = request_session::<S>(&parts.extensions).ok();
        let retry_after = session.map_or(DEFAULT_RETRY_AFTER, |session| session.engine.config.retry_after);
        Self { error, login: None, retry_after, request: session.map(Arc::clone) }
    }

    /// For login and logout handlers: an empty session in place of a stored one that this release cannot read, because
    /// newer code has written it or because its `user` field cannot be decoded. A login gives the client a new session,
    /// and a logout removes the cookie. The stored session is not changed, and any other change of the empty one fails
    /// with the error of this rejection.
    ///
    /// # Errors
    ///
    /// The rejection itself, if the session could not be loaded at all.
    ///
    /// ```
    /// use session::{Rejection, Session};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     #[session(user)]
    ///     user: Option<u64>,
    /// }
    ///
    /// async fn login(session: Result<Session<Shop>, Rejection>) -> Result<(), Rejection> {
    ///     let mut session = session.or_else(Rejection::start_over::<Shop>)?;
    ///     session.login(7);
    ///     Ok(())
    /// }
    /// ```
    pub fn start_over<S: Schema>(mut self) -> Result<S::Handle, Self> {
        let is_served = |request: &mut Arc<RequestSession>| request.engine.types.contains(&TypeId::of::<S>());
        let Some(request) = self.request.take_if(is_served) else { return Err(self) };
        match request.is_loaded().then(|| Tracked::start_over(&request)) {
            Some(Ok(session)) => Ok(S::handle(session)),
            _ => Err(self),
        }
    }

    /// The status of the response that it becomes: the status of its [`ErrorKind`], or 303 for a redirect to the login.
    pub fn status(&self) -> StatusCode {
        match self.login {
            Some(_) => StatusCode::SEE_OTHER,
            None => status_of(self.error.kind()),
        }
    }

    /// The error, with its [kind](Error::kind).
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
        if let Some(login) = self.login {
            let mut response = StatusCode::SEE_OTHER.into_response();
            response.headers_mut().insert(LOCATION, login);
            return response;
        }
        if self.error.kind() != ErrorKind::Unauthenticated {
            report("an extractor did not get its session", &self.error);
        }
        response_of(&self.error, self.retry_after)
    }
}

/// The response has the status of the error's [`ErrorKind`], and the kind in its extensions. Inside of a session layer,
/// `Retry-After` is the builder's [`retry_after`](crate::SessionsBuilder::retry_after).
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        report("a handler returned a session error", &self);
        response_of(&self, DEFAULT_RETRY_AFTER)
    }
}

fn response_of(error: &Error, retry_after: Duration) -> Response {
    let status = status_of(error.kind());
    let mut response = (status, body_of(error)).into_response();
    write_failure_headers(status, retry_after, response.headers_mut());
    response.extensions_mut().insert(error.kind());
    response
}

/// 422, with a line for each broken rule. The lines name fields and rules, never values.
impl IntoResponse for Violations {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.to_string()).into_response()
    }
}

/// Called by the `FromRequestParts` that the derive emits.
///
/// # Errors
///
/// [`Rejection`], if the layer is missing or the session cannot be loaded.
pub async fn extract<S: Schema>(parts: &Parts) -> Result<S::Handle, Rejection> {
    let opened = Sessions::<S>::extract(&parts.extensions, &parts.headers).await;
    opened.map_err(|error| Rejection::failed::<S>(error, parts))
}

/// Called by the `OptionalFromRequestParts` that the derive emits.
///
/// # Errors
///
/// As [`extract`].
pub async fn extract_optional<S: Schema>(parts: &Parts) -> Result<Option<S::Handle>, Rejection> {
    let handle = extract::<S>(parts).await?;
    // A middleware may have logged the visitor in.
    let has_session = request_session::<S>(&parts.extensions).is_ok_and(|session| session.has_session());
    Ok(has_session.then_some(handle))
}

impl<S: Identified, State: Send + Sync> FromRequestParts<State> for LoggedIn<S> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<Self, Rejection> {
        let handle = extract::<S>(parts).await?;
        if S::user(&handle).is_some() {
            return Ok(Self(handle));
        }
        let session = request_session::<S>(&parts.extensions).ok().filter(|_| asks_for_a_page(parts));
        let login = session.and_then(|session| session.engine.config.login_path.as_ref());
        Err(Rejection {
            error: not_logged_in(),
            login: login.and_then(|path| HeaderValue::try_from(path).ok()),
            retry_after: DEFAULT_RETRY_AFTER,
            request: None,
        })
    }
}

impl<S: Identified, State: Send + Sync> OptionalFromRequestParts<State> for LoggedIn<S> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<Option<Self>, Rejection> {
        let handle = extract::<S>(parts).await?;
        Ok(S::user(&handle).is_some().then_some(Self(handle)))
    }
}

/// Whether the client is a browser that shows a page. A script must not be redirected to a form.
fn asks_for_a_page(parts: &Parts) -> bool {
    let html =
        parts.headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"));
    matches!(parts.method, Method::GET | Method::HEAD) && html
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
