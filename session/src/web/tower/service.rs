//! [`SessionService`]: adds a session to each request.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, SessionExtension};
use crate::base::error::{Error, ErrorKind};
use crate::engine::Engine;
use crate::engine::request::RequestSession;
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

/// Allocations to use again: a request that does not use its session allocates none.
pub(super) struct Pool {
    pub(super) engine: Arc<Engine>,
    free: Mutex<Vec<Arc<RequestSession>>>,
}

/// Most servers run fewer requests at once. One entry takes a few hundred bytes.
const MAX_FREE: usize = 256;

impl Pool {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, free: Mutex::default() }
    }

    fn take(&self) -> Arc<RequestSession> {
        // Without waiting: if another thread holds the lock, this one allocates.
        let free = self.free.try_lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| Arc::new(RequestSession::new(Arc::clone(&self.engine))))
    }

    pub(super) fn give_back(&self, mut session: Arc<RequestSession>) {
        if let Some(unshared) = Arc::get_mut(&mut session) {
            unshared.recycle();
            if let Ok(mut free) = self.free.try_lock()
                && free.len() < MAX_FREE
            {
                free.push(session);
            }
        } else {
            // A handle has outlived the response; its later changes are lost, and logged.
            session.close();
        }
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
            report("a request was refused", &clash(self.pool.engine.config.cookie.name()));
        }
        let inner = if is_unique { Some(self.inner.call(request)) } else { None };
        ResponseFuture::new(inner, session, Arc::clone(&self.pool))
    }
}

#[cold]
fn clash(cookie: &str) -> Error {
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
