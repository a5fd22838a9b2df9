//! [`StoreError`]: why a store could not do what it was asked.

use std::fmt;

use crate::base::error::{BoxError, Corrupt, Error, ErrorKind};

/// Why a [`Store`](super::Store) could not do what it was asked.
///
/// The variant decides what the engine does next: it repeats a commit after [`Unknown`](Self::Unknown), and no other.
///
/// ```
/// use session::store::StoreError;
///
/// let error = StoreError::unavailable("GET: connection refused");
/// assert_eq!(error.to_string(), "the session store is unavailable");
/// assert_eq!(session::Error::from(error).kind(), session::ErrorKind::Unavailable);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used now. Nothing was written.
    Unavailable(BoxError),
    /// No answer came: the call may have been applied, or may still be.
    Unknown(BoxError),
    /// The bytes stored under the id are not a record. They were left as they are.
    Corrupt(Corrupt),
    /// The record is larger than the store accepts. Nothing was written.
    TooLarge {
        /// Size of the record, in bytes.
        size: usize,
        /// Largest size that the store accepts, in bytes.
        limit: usize,
    },
    /// The store's configuration cannot work: the text names the setting, command or permission.
    Misconfigured(String),
}

impl StoreError {
    /// [`Unavailable`](Self::Unavailable), because of `cause`.
    pub fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// [`Unknown`](Self::Unknown), because of `cause`.
    pub fn unknown(cause: impl Into<BoxError>) -> Self {
        Self::Unknown(cause.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(_) => f.write_str("the session store is unavailable"),
            Self::Unknown(_) => f.write_str("the session store gave no answer: the change may have been applied"),
            Self::Corrupt(corrupt) => corrupt.fmt(f),
            Self::TooLarge { size, limit } => write!(f, "the session has {size} bytes, and the store takes {limit}"),
            Self::Misconfigured(what) => write!(f, "the session store is misconfigured: {what}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable(cause) | Self::Unknown(cause) => Some(cause.as_ref()),
            Self::Corrupt(_) | Self::TooLarge { .. } | Self::Misconfigured(_) => None,
        }
    }
}

impl From<Corrupt> for StoreError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Unavailable(_) | StoreError::Corrupt(_) => ErrorKind::Unavailable,
            StoreError::Unknown(_) => ErrorKind::Unknown,
            StoreError::TooLarge { .. } => ErrorKind::TooLarge,
            StoreError::Misconfigured(_) => ErrorKind::Misconfigured,
        };
        let message = error.to_string();
        match error {
            StoreError::Unavailable(cause) | StoreError::Unknown(cause) => Self::new(kind, message).caused_by(cause),
            _ => Self::new(kind, message),
        }
    }
}
