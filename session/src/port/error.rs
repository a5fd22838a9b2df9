//! [`StoreError`]: why a store could not do what it was asked.

use std::fmt;

use crate::base::error::{BoxError, Corrupt, Error, ErrorKind};

/// Why a [`Store`](super::Store) could not do what it was asked.
///
/// The variant decides what the engine does next: it repeats a commit after [`Unknown`](Self::Unknown), and no other.
/// Of a write, every variant but `Unknown` is a proof that nothing was written. No text quotes what is stored.
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
    /// No answer came, or one that proves nothing: the call may have been applied, or may still be.
    Unknown(BoxError),
    /// The store has no room for the record. Nothing was written. A removal may succeed.
    Full(BoxError),
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

    /// [`Full`](Self::Full), because of `cause`.
    pub fn full(cause: impl Into<BoxError>) -> Self {
        Self::Full(cause.into())
    }

    /// The same error of a call that has written something before the error: [`Unknown`](Self::Unknown).
    ///
    /// ```
    /// use session::store::StoreError;
    ///
    /// let error = StoreError::unavailable("connection refused").after_write();
    /// assert!(matches!(error, StoreError::Unknown(_)));
    /// ```
    #[must_use]
    pub fn after_write(self) -> Self {
        match self {
            Self::Unavailable(cause) | Self::Unknown(cause) | Self::Full(cause) => Self::Unknown(cause),
            other => Self::unknown(other),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(_) => f.write_str("the session store is unavailable"),
            Self::Unknown(_) => f.write_str("the session store gave no answer: the change may have been applied"),
            Self::Full(_) => f.write_str("the session store has no room for the session"),
            Self::Corrupt(corrupt) => corrupt.fmt(f),
            Self::TooLarge { size, limit } => write!(f, "the session has {size} bytes, and the store takes {limit}"),
            Self::Misconfigured(what) => write!(f, "the session store is misconfigured: {what}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable(cause) | Self::Unknown(cause) | Self::Full(cause) => Some(cause.as_ref()),
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
            StoreError::Unavailable(_) | StoreError::Full(_) | StoreError::Corrupt(_) => ErrorKind::Unavailable,
            StoreError::Unknown(_) => ErrorKind::Unknown,
            StoreError::TooLarge { .. } => ErrorKind::TooLarge,
            StoreError::Misconfigured(_) => ErrorKind::Misconfigured,
        };
        let message = error.to_string();
        match error {
            StoreError::Unavailable(cause) | StoreError::Unknown(cause) => Self::new(kind, message).caused_by(cause),
            StoreError::Full(cause) => Self::new(kind, message).caused_by(cause).out_of_room(),
            _ => Self::new(kind, message),
        }
    }
}
