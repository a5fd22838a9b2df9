//! [`SessionService`]: adds a session to each request.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, SessionExtension};
use crate::engine::request::Pool;

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
    ResBody: Default + 'static,
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
        let inner = if is_unique { Some(self.inner.call(request)) } else { None };
        ResponseFuture::new(inner, session, Arc::clone(&self.pool))
    }
}

impl<Inner: fmt::Debug> fmt::Debug for SessionService<Inner> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
