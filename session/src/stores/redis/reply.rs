//! What answers and errors of the server mean to the store.

use redis::{ErrorKind, RedisError, Value};

use super::tls;
use crate::base::error::Corrupt;
use crate::port::StoreError;

pub(super) fn word(answer: &Value) -> &[u8] {
    match answer {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.as_bytes(),
        _ => b"",
    }
}

#[cold]
pub(super) fn foreign() -> StoreError {
    Corrupt::new("something else is stored under a session's key").into()
}

/// An error of a call that writes nothing, or whose answer is that nothing was written.
#[cold]
pub(super) fn read_failed(command: &str, error: &RedisError) -> StoreError {
    if error.code() == Some("WRONGTYPE") {
        return foreign();
    }
    // A cluster, and a script, say what befell them in their own words around those of the node.
    let (code, text) = (error.code().unwrap_or_default(), error.to_string());
    let says = |words: &[&str]| words.iter().any(|word| code == *word || text.contains(word));
    if says(&["NOPERM", "can't run this command"]) {
        StoreError::Misconfigured(format!("the Redis user may not run {command}: {error}"))
    } else if error.kind() == ErrorKind::AuthenticationFailed || says(&["NOAUTH", "WRONGPASS"]) {
        StoreError::Misconfigured(format!("Redis wants other credentials: {error}"))
    } else if tls::is_untrusted(error) || says(&["invalid peer certificate"]) {
        StoreError::Misconfigured(format!("Redis is not who its URL says: {error}"))
    } else {
        StoreError::unavailable(format!("{command}: {error}"))
    }
}

/// An error of a call that writes. Where the line broke or fell silent, the server may have done it.
#[cold]
pub(super) fn write_failed(command: &str, error: &RedisError) -> StoreError {
    if error.kind() == ErrorKind::Io && !error.is_connection_refusal() {
        return StoreError::unknown(format!("{command}: {error}"));
    }
    read_failed(command, error)
}
