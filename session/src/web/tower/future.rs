//! [`ResponseFuture`]: waits for the inner service, then for the commit, then lets the response go.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use pin_project_lite::pin_project;

use crate::base::error::{Error, ErrorKind};
use crate::base::log_limit::LogLimit;
use crate::base::report::report;
use crate::engine::config::Config;
use crate::engine::request::{Pool, RequestSession};
use crate::engine::run_to_completion::RunToCompletion;
use crate::web::response::{status_of, write_body, write_failure_headers, write_headers};

pin_project! {
    /// The response of a [`SessionService`](crate::SessionService), after its commit.
    pub struct ResponseFuture<Inner, Body> {
        // `None` if the layer clashes with another one: then the inner service is not called.
        #[pin]
        inner: Option<Inner>,
        session: Option<Arc<RequestSession>>,
        pool: Arc<Pool>,
        commit: Option<Box<(RunToCompletion<Result<(), Error>>, Response<Body>)>>,
    }
}

impl<Inner, Body> ResponseFuture<Inner, Body> {
    pub(super) fn new(inner: Option<Inner>, session: Arc<RequestSession>, pool: Arc<Pool>) -> Self {
        Self { inner, session: Some(session), pool, commit: None }
    }
}

impl<Inner, Body, E> Future for ResponseFuture<Inner, Body>
where
    Inner: Future<Output = Result<Response<Body>, E>>,
    Body: Default + 'static,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.commit.is_none() {
            let response = match this.inner.as_mut().as_pin_mut() {
                Some(inner) => ready!(inner.poll(cx))?,
                None => return Poll::Ready(Ok(clash(&this.pool.engine.config))),
            };
            let Some(session) = &this.session else {
                return Poll::Ready(Ok(response));
            };
            if !session.is_used() {
                if let Some(session) = this.session.take() {
                    this.pool.give_back(session);
                }
                return Poll::Ready(Ok(response));
            }
            match session.finish(response.status().is_server_error()) {
                Some(commit) => *this.commit = Some(Box::new((commit, response))),
                None => return Poll::Ready(Ok(done(this.session, this.pool, response))),
            }
        }
        let Some(commit) = this.commit.as_mut().map(|commit| &mut commit.0) else {
            return Poll::Pending;
        };
        let committed = ready!(Pin::new(commit).poll(cx));
        let Some(mut response) = this.commit.take().map(|commit| commit.1) else {
            return Poll::Pending;
        };
        if let (Err(error), Some(session)) = (committed, &this.session)
            && !already_reports(&error, response.status(), &session.engine.warnings.invalid)
        {
            report("the changes of a request could not be committed", &error);
            response = refusal(&error, &session.engine.config);
        }
        Poll::Ready(Ok(done(this.session, this.pool, response)))
    }
}

fn done<Body>(session: &mut Option<Arc<RequestSession>>, pool: &Pool, mut response: Response<Body>) -> Response<Body> {
    if let Some(session) = session.take() {
        // A handler that returned a session error did not know the builder's `retry_after`.
        if response.status() == StatusCode::SERVICE_UNAVAILABLE && response.extensions().get::<ErrorKind>().is_some() {
            let seconds = session.engine.config.retry_after.as_secs();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        write_headers(&session, response.headers_mut());
        pool.give_back(session);
    }
    response
}

/// Whether the handler's response already says that nothing was committed: it has validated the session and answers
/// with the violations.
fn already_reports(error: &Error, status: StatusCode, limit: &LogLimit) -> bool {
    let reports = error.kind() == ErrorKind::Invalid && status.is_client_error();
    if reports && let Some(left_out) = limit.admit() {
        tracing::warn!(%error, %status, left_out, "the changes of a request are dropped, as its response says");
    }
    reports
}

/// The answer to a request that passes two layers which share a cookie or a session type.
#[cold]
fn clash<Body: Default + 'static>(config: &Config) -> Response<Body> {
    let message = format!(
        "two session layers around one route share the cookie `{}` or a session type: remove one of them, or give it \
         another cookie and session type",
        config.cookie.name()
    );
    let error = Error::new(ErrorKind::Misconfigured, message);
    report("a request was refused", &error);
    refusal(&error, config)
}

/// The response in place of the handler's, which would claim a commit that did not happen.
fn refusal<Body: Default + 'static>(error: &Error, config: &Config) -> Response<Body> {
    let mut response = Response::new(Body::default());
    let status = status_of(error.kind());
    *response.status_mut() = status;
    write_failure_headers(status, config.retry_after, response.headers_mut());
    write_body(&mut response, error);
    response.extensions_mut().insert(error.kind());
    response
}

impl<Inner, Body> fmt::Debug for ResponseFuture<Inner, Body> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("session", &self.session).finish_non_exhaustive()
    }
}
