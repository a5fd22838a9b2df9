//! [`Store`]: where sessions are kept, and the contract every store keeps.
//!
//! A store files records under ids and replaces a record only on conditions. It never looks into a payload, and there is no
//! upsert: [`create`](Store::create) makes, [`commit`](Store::commit) changes what exists, and nothing else writes.
//!
//! ```
//! use session::store::{Destroyed, MemoryStore, Store};
//! use session::{SessionId, Timestamp};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! let id = SessionId::from_bytes([7; 16]);
//! assert!(store.load(id, Timestamp::from_millis(0)).await?.is_none());
//! assert_eq!(store.destroy(id).await?, Destroyed::Absent);
//! # Ok::<(), session::store::StoreError>(()) }).unwrap();
//! ```
//!
//! The contract is executable: `session::testing::contract` (feature `testing`) runs it against any store.

pub(crate) mod backend;
mod user_index;

use std::fmt;
use std::pin::Pin;

#[doc(hidden)]
pub use self::backend::BackendBuilder;
pub use self::backend::IntoBackend;
pub(crate) use self::backend::{Backend, BackendContext, Credential, Opened, Sharing};
#[cfg(feature = "sealed")]
pub(crate) use self::backend::{OpenedCookie, ROTATION_GRACE};
pub use self::user_index::UserIndex;
use crate::base::clock::Timestamp;
use crate::base::error::{BoxError, Corrupt, Error, ErrorKind};
pub use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::SessionId;

/// A place that keeps sessions.
///
/// # Time
///
/// Every call that needs the time gets it as `now`, by the engine's clock, and all deadlines in records are by that clock.
/// A server that keeps time itself (Redis expires keys) translates with [`Record::offset`]. A record whose deadline is at or
/// before `now` is absent: for loads, commits and touches alike, whether or not anything has swept it.
///
/// # Concurrency
///
/// Calls on one id behave as if they happened one after the other, in any number of processes. A call that returned has
/// happened before every call that starts later.
///
/// # Errors
///
/// An answer must come within a deadline of the store's own. A call that *may* have been applied answers
/// [`StoreError::Unknown`], never `Unavailable`; the engine repeats a commit with the same [`OpId`]. A failed load is an
/// error, never `None`.
pub trait Store: Send + Sync + 'static {
    /// Files `record` under `id`, if nothing lives there. An expired record may still be in the way: ids are random, and the
    /// engine takes another.
    fn create(
        &self,
        id: SessionId,
        record: &Record,
        now: Timestamp,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// The live record under `id`. One round trip, and nothing is written.
    fn load(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// As [`load`](Self::load), past any cache. `None` if `load` never answers from one. The engine asks when a token does not open the
    /// record that was loaded: another process may have given out a new one. A cache keeps no absence, so where nothing was loaded
    /// it does not ask.
    fn reload(
        &self,
        _id: SessionId,
        _now: Timestamp,
    ) -> impl Future<Output = Option<Result<Option<Record>, StoreError>>> + Send {
        std::future::ready(None)
    }

    /// Replaces the record under `id` with [`commit.record`](Commit::record), if it is at the expected epoch and revision.
    ///
    /// All of it is replaced or none of it. The idle deadline never goes back: if a touch has moved it beyond the new
    /// record's, the touch's stays. In order: no live record is [`Gone`](Committed::Gone); epoch and revision as expected
    /// is [`Applied`](Committed::Applied); [`commit.op`](Commit::op) among the record's writers is `Applied` as well, for this
    /// is a repetition; another epoch is [`Superseded`](Committed::Superseded); all else is [`Conflict`](Committed::Conflict),
    /// with the record as it is now.
    fn commit(
        &self,
        id: SessionId,
        commit: Commit<'_>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Moves the idle deadline of the live record under `id` forward to `idle`, never back. The revision stays.
    fn touch(
        &self,
        id: SessionId,
        idle: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Touched, StoreError>> + Send;

    /// Removes the record under `id`, for good: no commit or touch brings it back.
    fn destroy(&self, id: SessionId) -> impl Future<Output = Result<Destroyed, StoreError>> + Send;

    /// Removes up to `limit` expired records and answers how many. A store that expires records by itself answers 0.
    fn sweep(&self, limit: usize, now: Timestamp) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Finds sessions by user, where the store can.
    fn users(&self) -> Option<&dyn UserIndex> {
        None
    }

    /// Whether payloads are encrypted here, or in a store behind this one: then nobody compresses them before. A wrapper passes it on.
    fn encrypts(&self) -> bool {
        false
    }
}

/// What [`Store::commit`] shall do, and on which conditions.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Commit<'a> {
    /// The epoch that the record must have.
    pub epoch: u64,
    /// The revision that the record must have.
    pub revision: u64,
    /// Names this commit; [`Record::has_applied`] recognises it.
    pub op: OpId,
    /// The record to put in its place, complete: revision, epoch and writers are already those after the commit. Its user
    /// is another one than before only if its epoch is.
    pub record: &'a Record,
}

impl<'a> Commit<'a> {
    /// Replaces a record that is at `epoch` and `revision` with `record`.
    pub fn new(epoch: u64, revision: u64, op: OpId, record: &'a Record) -> Self {
        Self { epoch, revision, op, record }
    }
}

/// Outcome of [`Store::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Created {
    /// The record is filed.
    Created,
    /// Something lives under that id; nothing was written.
    Exists,
}

/// Outcome of [`Store::commit`].
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Committed {
    /// The record is replaced, now or by an earlier attempt of the same commit.
    Applied,
    /// Another revision is stored: this one. Nothing was written.
    Conflict(Box<Record>),
    /// Another epoch is stored: a login, logout or rotation came first. Nothing was written.
    Superseded,
    /// No live record. Nothing was written.
    Gone,
}

/// Outcome of [`Store::touch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Touched {
    /// The deadline is at least the one asked for.
    Touched,
    /// No live record. Nothing was written.
    Gone,
}

/// Outcome of [`Store::destroy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Destroyed {
    /// There was one, and it is gone.
    Existed,
    /// There was none.
    Absent,
}

/// Why a store could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used now. Nothing was written.
    Unavailable(BoxError),
    /// No answer: the call may have been applied, now or soon.
    Unknown(BoxError),
    /// What is stored under the id is no record. It was left as it is.
    Corrupt(Corrupt),
    /// The record is larger than the store takes. Nothing was written.
    TooLarge {
        /// Bytes of the record.
        size: usize,
        /// Bytes the store takes.
        limit: usize,
    },
    /// The store is set up in a way that cannot work: the text names the setting, command or permission.
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

    /// This error after an attempt whose outcome is unknown: that attempt may have been applied, whatever this error says.
    #[cold]
    pub(crate) fn after_unknown(self) -> Self {
        match self {
            Self::Unknown(_) => self,
            other => Self::unknown(other),
        }
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

/// What another process has changed, as far as the server tells.
#[cfg(feature = "redis")]
#[cfg_attr(not(feature = "cached"), expect(dead_code, reason = "only a cache listens"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum News<'a> {
    /// This session.
    Session(SessionId),
    /// Sessions of the user whose key has this digest.
    User(&'a [u8]),
    /// Nobody knows: the connection was broken.
    Missed,
}

/// A future behind a pointer: what methods of traits answer that are called through one.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Store`], behind a pointer.
pub(crate) trait DynStore: Send + Sync {
    fn create<'a>(
        &'a self,
        id: SessionId,
        record: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>>;
    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;
    fn reload(&self, _id: SessionId, _now: Timestamp) -> BoxFuture<'_, Option<Result<Option<Record>, StoreError>>> {
        Box::pin(std::future::ready(None))
    }
    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>>;
    fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>>;
    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>>;
    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>>;
    fn users(&self) -> Option<&dyn UserIndex> {
        None
    }
}

impl<S: Store> DynStore for S {
    fn create<'a>(
        &'a self,
        id: SessionId,
        record: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>> {
        Box::pin(Store::create(self, id, record, now))
    }

    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Box::pin(Store::load(self, id, now))
    }

    fn reload(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Option<Result<Option<Record>, StoreError>>> {
        Box::pin(Store::reload(self, id, now))
    }

    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        Box::pin(Store::commit(self, id, commit, now))
    }

    fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>> {
        Box::pin(Store::touch(self, id, idle, now))
    }

    fn destroy(&self, id: SessionId, _now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        Box::pin(Store::destroy(self, id))
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(Store::sweep(self, limit, now))
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Store::users(self)
    }
}

impl<S: Store> Store for std::sync::Arc<S> {
    fn create(
        &self,
        id: SessionId,
        record: &Record,
        now: Timestamp,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send {
        S::create(self, id, record, now)
    }

    fn load(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send {
        S::load(self, id, now)
    }

    fn reload(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> impl Future<Output = Option<Result<Option<Record>, StoreError>>> + Send {
        S::reload(self, id, now)
    }

    fn commit(
        &self,
        id: SessionId,
        commit: Commit<'_>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send {
        S::commit(self, id, commit, now)
    }

    fn touch(
        &self,
        id: SessionId,
        idle: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Touched, StoreError>> + Send {
        S::touch(self, id, idle, now)
    }

    fn destroy(&self, id: SessionId) -> impl Future<Output = Result<Destroyed, StoreError>> + Send {
        S::destroy(self, id)
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> impl Future<Output = Result<usize, StoreError>> + Send {
        S::sweep(self, limit, now)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        S::users(self)
    }

    fn encrypts(&self) -> bool {
        S::encrypts(self)
    }
}
