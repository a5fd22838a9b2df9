use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{ResponseFuture, Slots};
use crate::engine::commit::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::request::RequestSession;
use crate::engine::sessions::Sessions;

impl<S: Schema> Sessions<S> {
    /// The layer to put around every route that uses these sessions.
    pub fn layer(&self) -> SessionLayer {
        SessionLayer { pool: Arc::new(Pool { engine: Arc::clone(&self.engine), free: Mutex::default() }) }
    }
}

/// The layer that serves sessions to any tower service. Made by [`Sessions::layer`].
///
/// It gives each request a slot for its session, and carries out what was asked of it before the response head leaves:
///
/// 1. Nothing is loaded until somebody asks for the session, and a request that never does costs no store call.
/// 2. Before the response head leaves, there is one commit. It is driven to its end even if the client has gone.
/// 3. If it fails, the response is replaced: 503 where the store did not answer, 409 where the session had changed too much.
///    A response never claims what did not happen, and then sets no cookie.
/// 4. A handler that panics, or is cancelled along with its request, commits nothing. A timeout layer belongs outside of this one: inside, a
///    handler that it cuts off looks like one that has ended.
///
/// ```
/// use http::{Request, Response};
/// use session::{MemoryStore, Session, Sessions};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
/// let service = sessions.layer().layer(service_fn(async |request: Request<()>| {
///     let mut session = Sessions::<Shop>::extract(request.extensions(), request.headers()).await?;
///     session.visits += 1;
///     Ok::<_, session::Error>(Response::new(session.visits.to_string()))
/// }));
/// let response = service.oneshot(Request::new(())).await?;
/// assert_eq!(response.body(), "1");
/// assert!(response.headers()["set-cookie"].to_str()?.starts_with("__Host-shop="));
/// # Ok::<_, session::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct SessionLayer {
    pool: Arc<Pool>,
}

/// A service with sessions.
#[derive(Clone)]
#[must_use = "a service does nothing until it is called"]
pub struct SessionService<Inner> {
    inner: Inner,
    pool: Arc<Pool>,
}

/// Slots to use again, so that a request that leaves its session alone allocates none.
pub(super) struct Pool {
    engine: Arc<Engine>,
    free: Mutex<Vec<Arc<RequestSession>>>,
}

/// More than run at once on most servers; a slot is a few hundred bytes.
const MOST_FREE: usize = 256;

impl Pool {
    fn take(&self) -> Arc<RequestSession> {
        // Whoever finds the pool busy allocates: nobody waits here.
        let free = self.free.try_lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| Arc::new(RequestSession::new(Arc::clone(&self.engine))))
    }

    pub(super) fn give_back(&self, mut slot: Arc<RequestSession>) {
        // A handle that outlived its response keeps its slot.
        if let Some(unshared) = Arc::get_mut(&mut slot) {
            unshared.recycle();
            if let Ok(mut free) = self.free.try_lock()
                && free.len() < MOST_FREE
            {
                free.push(slot);
            }
        } else {
            slot.close();
        }
    }
}

impl<Inner> Layer<Inner> for SessionLayer {
    type Service = SessionService<Inner>;

    fn layer(&self, inner: Inner) -> SessionService<Inner> {
        SessionService { inner, pool: Arc::clone(&self.pool) }
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
        let slot = self.pool.take();
        let fits = Slots::add(request.extensions_mut(), Arc::clone(&slot));
        if !fits {
            tracing::error!(
                cookie = self.pool.engine.config.cookie.name(),
                "two session layers around one route share a cookie or a session type: remove one, or give it another cookie",
            );
        }
        let inner = if fits { Some(self.inner.call(request)) } else { None };
        ResponseFuture::new(inner, slot, Arc::clone(&self.pool))
    }
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer").field("config", &self.pool.engine.config).finish()
    }
}

impl<Inner: fmt::Debug> fmt::Debug for SessionService<Inner> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
