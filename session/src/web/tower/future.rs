use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use pin_project_lite::pin_project;

use super::layer::Pool;
use crate::base::error::{Error, ErrorKind};
use crate::engine::config::Config;
use crate::engine::request::{RequestSession, status_of};
use crate::engine::run_to_completion::RunToCompletion;

pin_project! {
    /// Waits for the inner service, then for the commit, then lets the response go.
    pub struct ResponseFuture<Inner, Body> {
        // `None` where the layer must not be: nothing is called then.
        #[pin]
        inner: Option<Inner>,
        slot: Option<Arc<RequestSession>>,
        pool: Arc<Pool>,
        saving: Option<Box<(RunToCompletion<Result<(), Error>>, Response<Body>)>>,
    }
}

impl<Inner, Body> ResponseFuture<Inner, Body> {
    pub(super) fn new(inner: Option<Inner>, slot: Arc<RequestSession>, pool: Arc<Pool>) -> Self {
        Self { inner, slot: Some(slot), pool, saving: None }
    }
}

impl<Inner, Body, E> Future for ResponseFuture<Inner, Body>
where
    Inner: Future<Output = Result<Response<Body>, E>>,
    Body: Default,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.saving.is_none() {
            let response = match this.inner.as_mut().as_pin_mut() {
                Some(inner) => ready!(inner.poll(cx))?,
                None => {
                    let mut response = Response::new(Body::default());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    return Poll::Ready(Ok(response));
                },
            };
            let Some(slot) = &this.slot else {
                return Poll::Ready(Ok(response));
            };
            if slot.is_untouched() {
                if let Some(slot) = this.slot.take() {
                    this.pool.give_back(slot);
                }
                return Poll::Ready(Ok(response));
            }
            match slot.finish(response.status()) {
                Some(saving) => *this.saving = Some(Box::new((saving, response))),
                None => return Poll::Ready(Ok(done(this.slot, this.pool, response))),
            }
        }
        let Some(saving) = this.saving.as_mut().map(|saving| &mut saving.0) else {
            return Poll::Pending;
        };
        let saved = ready!(Pin::new(saving).poll(cx));
        let Some(mut response) = this.saving.take().map(|saving| saving.1) else {
            return Poll::Pending;
        };
        if let (Err(error), Some(slot)) = (saved, &this.slot)
            && !is_told(&error, response.status())
        {
            tracing::error!(%error, cause = ?std::error::Error::source(&error), "a session could not be saved");
            response = refusal(&error, &slot.engine.config);
        }
        Poll::Ready(Ok(done(this.slot, this.pool, response)))
    }
}

fn done<Body>(slot: &mut Option<Arc<RequestSession>>, pool: &Pool, mut response: Response<Body>) -> Response<Body> {
    if let Some(slot) = slot.take() {
        slot.write_headers(response.headers_mut());
        pool.give_back(slot);
    }
    response
}

/// Whether the response says already that nothing was saved: a handler that has validated answers with the violations.
fn is_told(error: &Error, status: StatusCode) -> bool {
    error.kind() == ErrorKind::Invalid && status.is_client_error()
}

/// The response instead of the handler's, which claimed what did not happen.
fn refusal<Body: Default>(error: &Error, config: &Config) -> Response<Body> {
    let mut response = Response::new(Body::default());
    let status = status_of(error.kind());
    *response.status_mut() = status;
    write_failure_headers(status, config, response.headers_mut());
    response
}

/// Adds what a client needs to know of a failure: when to come again, and to keep no copy.
pub(crate) fn write_failure_headers(status: StatusCode, config: &Config, headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(config.retry_after.as_secs()));
    }
}

impl<Inner, Body> fmt::Debug for ResponseFuture<Inner, Body> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("slot", &self.slot).finish_non_exhaustive()
    }
}
