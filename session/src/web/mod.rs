//! Adapters to web frameworks: each is a leaf, and [`response`] is what they share.

#[cfg(feature = "axum")]
pub(crate) mod axum;
pub(crate) mod response;
pub(crate) mod tower;
