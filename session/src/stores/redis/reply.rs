//! What replies and errors of the server mean to the store.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::client::is_untrusted;
use crate::base::error::Corrupt;
use crate::port::StoreError;

/// The text of a reply that is one, and nothing for other replies.
pub(super) fn text(reply: &Value) -> &[u8] {
    match reply {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.as_bytes(),
        _ => b"",
    }
}

#[cold]
pub(super) fn not_a_record() -> StoreError {
    Corrupt::new("the value under a session's key is not a record").into()
}

/// Whether the server does not accept writes, because it is a replica now.
pub(super) fn is_demoted(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}

/// The error of a call that writes nothing, or whose error says that nothing was written.
#[cold]
pub(super) fn read_error(command: &str, error: &RedisError) -> StoreError {
    if error.code() == Some("WRONGTYPE") {
        return not_a_record();
    }
    // A cluster client and a script put the server's error into a text of their own.
    let (code, text) = (error.code().unwrap_or_default(), error.to_string());
    let says = |words: &[&str]| words.iter().any(|word| code == *word || text.contains(word));
    if says(&["NOPERM", "can't run this command"]) {
        StoreError::Misconfigured(format!("the Redis user lacks the permission for {command}: {error}"))
    } else if error.kind() == ErrorKind::AuthenticationFailed || says(&["NOAUTH", "WRONGPASS"]) {
        StoreError::Misconfigured(format!("Redis refuses the credentials of the URL: {error}"))
    } else if is_untrusted(error) || says(&["invalid peer certificate"]) {
        StoreError::Misconfigured(format!("Redis has no certificate that is trusted for the host of the URL: {error}"))
    } else {
        StoreError::unavailable(format!("{command}: {error}"))
    }
}

/// The error of a call that writes. If the connection broke or the reply did not come in time, the server may have done
/// it.
#[cold]
pub(super) fn write_error(command: &str, error: &RedisError) -> StoreError {
    if error.kind() == ErrorKind::Io && !error.is_connection_refusal() {
        return StoreError::unknown(format!("{command}: {error}"));
    }
    read_error(command, error)
}
