//! What can go wrong, in one opaque type with few questions to ask of it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Any error, as a cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a session could not be read, changed or saved.
///
/// In an axum handler it is also a response: see [`ErrorKind`] for the status of each kind.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

/// The kinds of [`Error`], each with the HTTP status it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store, or the source of randomness, could not be used. Nothing was written. 503.
    Unavailable,
    /// The store did not say whether it applied a change, even when asked again. 503.
    Unknown,
    /// A field with `conflict = "reject"` was changed by another request, or a commit lost too many races. 409.
    Conflict,
    /// A login, logout or rotation happened after this request loaded the session: its changes are dropped. 409.
    Superseded,
    /// The session was destroyed, or expired, after this request loaded it: its changes are dropped. 409.
    Gone,
    /// The visitor is not logged in, where the handler asks for that. 401.
    Unauthenticated,
    /// A field that carries identity or rights cannot be decoded by this code. The record is untouched. 503.
    Undecodable,
    /// Newer code has written the session, and it does not let this code read it (`min_reader`), or this code does not want to
    /// (`newer`). The record is untouched. 503.
    Newer,
    /// A field breaks a rule of its validation: one that carries identity or rights when it was loaded (the record is
    /// untouched), or any that was to be saved (nothing was). 500.
    Invalid,
    /// A field's value cannot be written. 500.
    Unencodable,
    /// The session is larger than the store takes. Nothing was sent. 500.
    TooLarge,
    /// A setting is wrong, or the session layer is missing. 500.
    Misconfigured,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error once more, for another request that it befell. The cause stays with the first.
    #[cold]
    pub(crate) fn repeated(&self) -> Self {
        Self::new(self.0.kind, self.0.message.clone())
    }

    /// Which kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may succeed if it is sent again.
    pub fn is_retryable(&self) -> bool {
        use ErrorKind::{Conflict, Gone, Superseded, Unavailable, Unknown};
        matches!(self.0.kind, Unavailable | Unknown | Conflict | Superseded | Gone)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A stored record is not one: cut short, altered, or not written by this crate.
///
/// The bytes are left where they are. The visitor is anonymous, and a new session gets a key of its own, so nothing ever
/// overwrites them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt(Cow<'static, str>);

impl Corrupt {
    /// Says what is wrong with the bytes, without quoting them.
    #[cold]
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stored session is corrupt: {}", self.0)
    }
}

impl StdError for Corrupt {}
