//! Checks of settings that several stores have.

use std::time::Duration;

use super::{Record, StoreError};

/// Checks a time limit called `name`.
///
/// # Errors
///
/// [`StoreError::Misconfigured`] names the setting and the range.
pub(crate) fn check_deadline(name: &str, deadline: Duration) -> Result<(), StoreError> {
    if (Duration::from_millis(1)..=Duration::from_mins(1)).contains(&deadline) {
        return Ok(());
    }
    Err(StoreError::Misconfigured(format!("{name} {deadline:?}: use 1 ms to 60 s")))
}

/// Checks that `url` begins with one of `schemes`. Messages call the setting `what`, and do not quote the URL, which
/// may contain a password.
///
/// # Errors
///
/// [`StoreError::Misconfigured`] names the setting and the first of `schemes`.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(crate) fn check_scheme(what: &str, url: &str, schemes: &[&str]) -> Result<(), StoreError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| schemes.contains(&scheme)) {
        return Ok(());
    }
    let expected = schemes.first().copied().unwrap_or_default();
    Err(StoreError::Misconfigured(format!("{what}: it does not begin with `{expected}:`")))
}

/// Checks the setting `max_bytes`: at least 1 KiB, at most `most_mib` MiB.
///
/// # Errors
///
/// [`StoreError::Misconfigured`] names the setting and the range.
pub(crate) fn check_max_bytes(max_bytes: usize, most_mib: usize) -> Result<(), StoreError> {
    if (1024..=most_mib << 20).contains(&max_bytes) {
        return Ok(());
    }
    Err(StoreError::Misconfigured(format!("max_bytes {max_bytes}: use 1 KiB to {most_mib} MiB")))
}

/// Checks that `record` is not larger than the setting `max_bytes`.
///
/// # Errors
///
/// [`StoreError::TooLarge`].
pub(crate) fn check_size(record: &Record, max_bytes: usize) -> Result<(), StoreError> {
    let (size, limit) = (record.encoded_len(), max_bytes);
    if size > limit { Err(StoreError::TooLarge { size, limit }) } else { Ok(()) }
}
