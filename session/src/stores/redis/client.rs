//! Clients made from URLs, and TLS: the provider of its cryptography, and its errors.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{Client, RedisError};

use crate::port::StoreError;
use crate::port::options::check_scheme;

/// A client for `url`. Error messages call the setting `what`.
pub(super) fn client_for(what: &str, url: &str) -> Result<Client, StoreError> {
    let schemes = ["redis", "rediss", "valkey", "valkeys", "unix", "redis+unix", "valkey+unix"];
    check_scheme(what, url, &schemes)?;
    let wants_tls = ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
    if wants_tls && !cfg!(feature = "redis-tls") {
        return Err(StoreError::Misconfigured(format!(
            "{what}: TLS needs the feature `redis-tls` of the crate `session`"
        )));
    }
    let client = Client::open(url).map_err(|error| refused(what, &error))?;
    let database = client.get_connection_info().redis_settings().db();
    if database < 0 {
        return Err(StoreError::Misconfigured(format!("{what}: database {database}: use 0 or more")));
    }
    install_tls_provider(&client);
    Ok(client)
}

/// The error of a URL, without the value that the client quotes: it contains a password if another URL follows a comma.
fn refused(what: &str, error: &RedisError) -> StoreError {
    let text = error.to_string();
    let fault = error.detail().and_then(|detail| text.strip_suffix(detail)).unwrap_or(&text);
    StoreError::Misconfigured(format!("{what}: {}", fault.trim_end_matches([':', ' '])))
}

/// Sets the process's default provider of TLS cryptography, if there is none. Without a default, the first connection
/// panics in a program whose features enable several providers.
#[cfg(feature = "redis-tls")]
pub(super) fn install_tls_provider(client: &Client) {
    use rustls::crypto::{CryptoProvider, ring};
    let wants_tls = matches!(client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
    if wants_tls && CryptoProvider::get_default().is_none() {
        // Fails only if another thread has just set one.
        let _ = ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "redis-tls"))]
pub(super) fn install_tls_provider(_: &Client) {}

/// Whether the connection failed because the server's certificate is not trusted.
pub(super) fn is_untrusted(error: &RedisError) -> bool {
    // The client wraps the error in an `Arc`, because all requests that wait for the connection get it.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidData)
}
