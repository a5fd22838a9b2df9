//! [`KeyError`].

use std::fmt;

/// A key or a key ring cannot be used. `Display` says why and what to do, and never quotes a key.
///
/// ```
/// use session::{KeyError, SecretKey};
///
/// let error: KeyError = SecretKey::parse("hunter2").unwrap_err();
/// assert!(error.to_string().starts_with("not a key: the text of a key begins with `tsk1_`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(pub(super) String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}
