//! The layer that serves sessions to any tower service.

mod future;
mod layer;
mod slots;

pub use self::future::ResponseFuture;
#[cfg(feature = "axum")]
pub(crate) use self::future::write_failure_headers;
pub use self::layer::{SessionLayer, SessionService};
pub(crate) use self::slots::Slots;
#[cfg(feature = "axum")]
pub(crate) use self::slots::slot;
