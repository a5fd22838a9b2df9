//! The layer that serves sessions to any tower service.
//!
//! It gives each request a slot for its session, and carries out what was asked of it before the response head leaves:
//!
//! 1. Nothing is loaded until somebody asks for the session, and a request that never does costs no store call.
//! 2. Before the response head leaves, there is one commit. It is driven to its end even if the client has gone.
//! 3. If it fails, the response is replaced: 503 where the store did not answer, 409 where the session had changed too much.
//!    A response never claims what did not happen, and then sets no cookie.
//! 4. A handler that panics, or is cancelled along with its request, commits nothing. A timeout layer belongs outside of this one: inside, a
//!    handler that it cuts off looks like one that has ended.
//!
//! ```
//! use http::{Request, Response};
//! use session::{MemoryStore, Session, Sessions};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! #[derive(Session)]
//! struct Shop {
//!     visits: u64,
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
//! let service = sessions.layer().layer(service_fn(async |request: Request<()>| {
//!     let mut session = session::tower::session::<Shop>(request.extensions(), request.headers()).await?;
//!     session.visits += 1;
//!     Ok::<_, session::Error>(Response::new(session.visits.to_string()))
//! }));
//! let response = service.oneshot(Request::new(())).await?;
//! assert_eq!(response.body(), "1");
//! assert!(response.headers()["set-cookie"].to_str()?.starts_with("__Host-shop="));
//! # Ok::<_, session::BoxError>(())
//! # }).unwrap();
//! ```

mod future;
mod layer;
mod slots;

pub use self::future::ResponseFuture;
#[cfg(feature = "axum")]
pub(crate) use self::future::excuse;
pub use self::layer::{SessionLayer, SessionService};
pub use self::slots::session;
pub(crate) use self::slots::{Slots, slot};
