//! The layer that gives sessions to any tower service.

mod extension;
mod future;
mod layer;
mod service;

pub(crate) use self::extension::SessionExtension;
#[cfg(feature = "axum")]
pub(crate) use self::extension::request_session;
pub use self::future::ResponseFuture;
pub use self::layer::SessionLayer;
pub use self::service::SessionService;
