//! What the tests share: servers of their own, and a client with a cookie jar.

pub mod client;
pub mod servers;
