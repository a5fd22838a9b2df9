//! [`Error`], an opaque error type whose [`ErrorKind`] says what an app can do, and [`Corrupt`].

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::clock::RngError;

/// An error of any type, as the cause of another one.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a session could not be read, changed or saved.
///
/// [`kind`](Self::kind) says what an app can do about it. `Display` says what happened, without values of the session;
/// [`source`](std::error::Error::source) is the cause, for example the error of the store's driver.
///
/// With the feature `axum` it is a response, so that a handler can return it: the status of its kind, `Cache-Control:
/// no-store`, and a text that tells the client nothing about the cause. The cause is logged with `tracing`.
///
/// ```
/// use session::{Error, ErrorKind, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// async fn count(mut session: Session<Shop>) -> Result<String, Error> {
///     match session.update(|session| session.visits += 1).await {
///         Ok(()) => Ok(format!("visit {}", session.visits)),
///         Err(error) if error.kind() == ErrorKind::TooLarge => Ok("your session is full".into()),
///         Err(error) => Err(error),
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    /// Shared by the requests that one cause affects.
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// The store had no room.
    is_out_of_room: bool,
}

/// The kinds of [`Error`].
///
/// | kind | status | what the app can do |
/// |---|---|---|
/// | [`Unauthenticated`](Self::Unauthenticated) | 401 | let the user log in |
/// | [`Conflict`](Self::Conflict) | 409 | let the client repeat the request, or use `session.update` |
/// | [`Superseded`](Self::Superseded) | 409 | let the client repeat the request |
/// | [`Gone`](Self::Gone) | 409 | let the client repeat the request, which starts without a session |
/// | [`Invalid`](Self::Invalid) | 500 | check input before it is put into the session, or call `validate` |
/// | [`Unencodable`](Self::Unencodable) | 500 | correct the value or its `Serialize` |
/// | [`Panicked`](Self::Panicked) | 500 | correct the code that the message names |
/// | [`TooLarge`](Self::TooLarge) | 500 | store less, or raise the limit of the store |
/// | [`Misconfigured`](Self::Misconfigured) | 500 | do what the message says |
/// | [`Unavailable`](Self::Unavailable) | 503 | let the client repeat the request; nothing was written |
/// | [`Unknown`](Self::Unknown) | 503 | let the client repeat the request, if it may be carried out twice |
/// | [`Undecodable`](Self::Undecodable) | 503 | deploy code that can read the field; the record is unchanged |
/// | [`Newer`](Self::Newer) | 503 | deploy the newer code everywhere; the record is unchanged |
///
/// With status 503, a response has `Retry-After`.
///
/// ```
/// use session::ErrorKind;
///
/// fn page(kind: ErrorKind) -> &'static str {
///     match kind {
///         ErrorKind::Unauthenticated => "please log in",
///         ErrorKind::Conflict | ErrorKind::Superseded | ErrorKind::Gone => "this page has changed: reload it",
///         ErrorKind::Unavailable | ErrorKind::Unknown => "please try again in a moment",
///         _ => "an error of the server",
///     }
/// }
/// assert_eq!(page(ErrorKind::Gone), "this page has changed: reload it");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store, or the source of random bytes, could not be used. Nothing was written. 503.
    Unavailable,
    /// The store did not confirm a change, even after a retry: the change may have been applied or not. 503.
    Unknown,
    /// Another request changed a field with `conflict = "reject"`, or a commit lost against other requests too often.
    /// 409.
    Conflict,
    /// A login, logout or rotation happened after this request loaded the session. The changes of this request are
    /// dropped. 409.
    Superseded,
    /// The session was destroyed or expired after this request loaded it. The changes of this request are dropped. 409.
    Gone,
    /// No user is logged in, but the handler needs one: it takes `LoggedIn<S>`. 401, or 303 to the login page if there
    /// is one.
    Unauthenticated,
    /// This code cannot decode a field that carries identity or rights. The record is unchanged. 503.
    Undecodable,
    /// Newer code has written the session, and either that code forbids this one to read it (`min_reader`), or this
    /// code refuses to (`newer`). The record is unchanged. 503.
    Newer,
    /// A value breaks a validation rule. Either a stored field that carries identity or rights does, and the record is
    /// unchanged; or a value that was to be saved does, and nothing was saved. 500.
    Invalid,
    /// The value of a field cannot be encoded. Nothing was saved. 500.
    Unencodable,
    /// The application's code for a field panicked: its default, its `merge` function, a rule of validation, the
    /// conversion of a `previous` struct, or its `Serialize`. Nothing was saved. A `Deserialize` or an `upgrade` that
    /// panics is a value that cannot be decoded. 500.
    Panicked,
    /// The session is larger than the store accepts. Nothing was sent to the store. 500.
    TooLarge,
    /// A setting is wrong, or the session layer is missing. 500.
    Misconfigured,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None, is_out_of_room: false }))
    }

    #[cold]
    pub(crate) fn no_random_bytes(cause: RngError) -> Self {
        Self::new(ErrorKind::Unavailable, "the source of random bytes failed").caused_by(cause)
    }

    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same error, of a store that has no room.
    #[must_use]
    pub(crate) fn out_of_room(mut self) -> Self {
        self.0.is_out_of_room = true;
        self
    }

    /// Whether the store had no room: a removal may succeed.
    pub(crate) fn is_out_of_room(&self) -> bool {
        self.0.is_out_of_room
    }

    /// The same error, with the fields that the request has changed.
    #[cold]
    pub(crate) fn about_fields(mut self, fields: &[&str]) -> Self {
        if !fields.is_empty() {
            self.0.message = format!("{}; changed: `{}`", self.0.message, fields.join("`, `")).into();
        }
        self
    }

    /// The same error, with the same cause, for another request that is affected.
    #[cold]
    pub(crate) fn repeated(&self) -> Self {
        let Inner { kind, message, source, is_out_of_room } = &*self.0;
        let (message, source) = (message.clone(), source.clone());
        Self(Box::new(Inner { kind: *kind, message, source, is_out_of_room: *is_out_of_room }))
    }

    /// The kind of the error, to decide what to do.
    ///
    /// ```
    /// # use session::{Error, ErrorKind};
    /// fn is_temporary(error: &Error) -> bool {
    ///     matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unknown)
    /// }
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may succeed if the client sends it again: `Unavailable`, `Unknown`, `Conflict`,
    /// `Superseded` and `Gone`. After `Unknown` the first request may have been carried out.
    ///
    /// ```
    /// # use session::Error;
    /// fn advice(error: &Error) -> &'static str {
    ///     if error.is_retryable() { "please try again" } else { "please contact us" }
    /// }
    /// ```
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

/// Bytes in a store that are not a record: cut short, changed, or not written by this crate.
///
/// The bytes stay where they are. The engine treats the client as having no session; a new session gets a new id, so it
/// does not overwrite them. Stores return it in `StoreError::Corrupt`.
///
/// ```
/// use session::Corrupt;
/// use session::store::Record;
///
/// let error: Corrupt = Record::decode(&b"not a record"[..]).unwrap_err();
/// assert!(error.to_string().starts_with("the stored session is corrupt: "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt(Cow<'static, str>);

impl Corrupt {
    /// An error with a reason. The reason must not quote the bytes, which may be secret.
    ///
    /// ```
    /// # use session::Corrupt;
    /// let error = Corrupt::new("the row has no record");
    /// assert_eq!(error.to_string(), "the stored session is corrupt: the row has no record");
    /// ```
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
