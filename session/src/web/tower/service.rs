//! [`SessionService`]: adds a session to each request.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, SessionExtension};
use crate::base::error::{Error, ErrorKind};
use crate::engine::request::Pool;
use crate::web::response::report;

/// A service inside of a [`SessionLayer`](crate::SessionLayer).
#[derive(Clone)]
#[must_use = "a service does nothing until it is called"]
pub struct SessionService<Inner> {
    inner: Inner,
    pool: Arc<Pool>,
}

impl<Inner> SessionService<Inner> {
    pub(super) fn new(inner: Inner, pool: Arc<Pool>) -> Self {
        Self { inner, pool }
    }
}

impl<Inner, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<Inner>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = ResponseFuture<Inner::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Inner::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let session = self.pool.take();
        let is_unique = SessionExtension::add(request.extensions_mut(), Arc::clone(&session));
        if !is_unique {
            report("a request was refused", &clash_error(self.pool.engine.config.cookie.name()));
        }
        let inner = if is_unique { Some(self.inner.call(request)) } else { None };
        ResponseFuture::new(inner, session, Arc::clone(&self.pool))
    }
}

#[cold]
fn clash_error(cookie: &str) -> Error {
    let message = format!(
        "two session layers around one route share the cookie `{cookie}` or a session type: remove one of them, or \
         give it another cookie and session type"
    );
    Error::new(ErrorKind::Misconfigured, message)
}

impl<Inner: fmt::Debug> fmt::Debug for SessionService<Inner> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
