//! Adapters to web frameworks, each a leaf.

#[cfg(feature = "axum")]
pub(crate) mod axum;
pub(crate) mod tower;
