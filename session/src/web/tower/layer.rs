//! [`SessionLayer`], and [`Sessions`] itself as a layer.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::SessionService;
use crate::engine::handle::schema::Schema;
use crate::engine::request::Pool;
use crate::engine::sessions::Sessions;

impl<S: Schema> Sessions<S> {
    /// The layer that gives requests their sessions, for code that needs the layer as a value. Everywhere else
    /// `.layer(sessions)` does the same.
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use session::{MemoryStore, Session, SessionLayer, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// # async fn home(session: Session<Shop>) {}
    /// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
    /// let layer: SessionLayer = sessions.layer();
    /// let app: Router = Router::new().route("/", get(home)).layer(layer);
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn layer(&self) -> SessionLayer {
        SessionLayer { pool: Arc::clone(&self.pool) }
    }
}

impl<S: Schema, Inner> Layer<Inner> for Sessions<S> {
    type Service = SessionService<Inner>;

    fn layer(&self, inner: Inner) -> SessionService<Inner> {
        Layer::layer(&Self::layer(self), inner)
    }
}

/// The layer that gives sessions to any tower service. Made by [`Sessions::layer`]; [`Sessions`] is the same layer.
///
/// It adds a session to each request, and commits the session's changes before the response head leaves:
///
/// 1. The session is loaded when it is first used. A request that does not use it costs no store call.
/// 2. Before the response head leaves, there is at most one commit. It runs to completion even if the client
///    disconnects.
/// 3. If the commit fails, the layer answers in place of the handler, with the status of the
///    [`ErrorKind`](crate::ErrorKind): 503 if the store did not answer, 409 if another request changed the session. The
///    kind is in the response's extensions, so that an outer layer can draw the page; the text is that of a failed load
///    if the body has axum's type, and empty for other types. The failed commit sets no cookie: a response never claims
///    what did not happen. The cookie of an earlier commit of this request is still sent.
/// 4. If the handler panics while it has a session, or is cancelled together with its request, nothing is committed.
///    After a panic without one, a 5xx response drops its changes, and another response stores them. Put a timeout
///    layer outside of this layer: inside of it, a handler that times out looks like a handler that has answered.
///
/// A request may pass several session layers, with different cookies and session types.
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

impl<Inner> Layer<Inner> for SessionLayer {
    type Service = SessionService<Inner>;

    fn layer(&self, inner: Inner) -> SessionService<Inner> {
        SessionService::new(inner, Arc::clone(&self.pool))
    }
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer").field("config", &self.pool.engine.config).finish()
    }
}
