//! Clients from URLs; and what TLS adds: a provider of its cryptography, and errors that say what to set.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{Client, RedisError};

use crate::port::StoreError;

/// A client for `url`; `what` the user calls it.
pub(super) fn client(what: &str, url: &str) -> Result<Client, StoreError> {
    let wants_tls = ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
    if wants_tls && !cfg!(feature = "redis-tls") {
        return Err(StoreError::Misconfigured(format!("{what}: TLS needs the feature `redis-tls` of `session`")));
    }
    let client = Client::open(url).map_err(|error| StoreError::Misconfigured(format!("{what}: {error}")))?;
    let database = client.get_connection_info().redis_settings().db();
    if database < 0 {
        return Err(StoreError::Misconfigured(format!("{what}: there is no database {database}; the first one is 0")));
    }
    prepare(&client);
    Ok(client)
}

/// Chooses the provider of TLS's cryptography for the process, if nobody has: where the features of others leave a choice, the
/// first connection would panic over it.
#[cfg(feature = "redis-tls")]
pub(super) fn prepare(client: &Client) {
    use rustls::crypto::{CryptoProvider, ring};
    let wanted = matches!(client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
    if wanted && CryptoProvider::get_default().is_none() {
        // It fails if another thread was first, and then there is one.
        let _ = ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "redis-tls"))]
pub(super) fn prepare(_: &Client) {}

/// Whether the line failed because the server did not prove who it is.
pub(super) fn is_untrusted(error: &RedisError) -> bool {
    // Errors are shared by all that waited for the line.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidData)
}
