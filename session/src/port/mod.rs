//! [`Store`]: where sessions are kept, and the contract that every store keeps.
//!
//! A store files records under ids and replaces a record only on a condition. It never reads a payload. There is no
//! upsert: [`create`](Store::create) adds a record, [`commit`](Store::commit) and [`touch`](Store::touch) change one
//! that exists, and nothing else writes.
//!
//! ```
//! use session::store::{Destroyed, MemoryStore, Store};
//! use session::{SessionId, Timestamp};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! let (id, now) = (SessionId::from_bytes([7; 16]), Timestamp::from_millis(0));
//! assert!(store.load(id, now).await?.is_none());
//! assert_eq!(store.destroy(id, now).await?, Destroyed::Absent);
//! # Ok::<(), session::store::StoreError>(()) }).unwrap();
//! ```
//!
//! The contract is executable: `session::testing::contract` (feature `testing`) runs it against any store.

pub(crate) mod backend;
mod commit;
mod dyn_store;
mod error;
mod invalidation;
#[cfg(any(
    feature = "redis",
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "file",
    feature = "opendal"
))]
pub(crate) mod options;
mod outcome;
#[cfg(any(feature = "redis", feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) mod server_clock;
mod user_index;

use std::pin::Pin;
use std::time::Duration;

#[doc(hidden)]
pub use self::backend::BackendBuilder;
pub use self::backend::IntoBackend;
pub(crate) use self::backend::{Backend, BackendContext, Credential, LOGGED_OUT, Sharing, Verdict};
#[cfg(feature = "sealed")]
pub(crate) use self::backend::{OpenedCookie, ROTATION_GRACE};
pub use self::commit::{Commit, Decision, StoredHead};
pub(crate) use self::dyn_store::{DynStore, read_in_time, write_in_time};
pub use self::error::StoreError;
pub use self::invalidation::{Invalidation, InvalidationFeed};
pub use self::outcome::{Committed, Created, Destroyed, Reloaded, Touched};
pub use self::user_index::UserIndex;
pub(crate) use self::user_index::no_user_index;
use crate::base::clock::Timestamp;
pub use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::SessionId;

/// Where sessions are kept. Implement it for a store of your own; the guide to stores has a complete example, and
/// `session::testing::contract` checks an implementation.
///
/// # Time
///
/// Every call gets the current time as `now`, by the engine's clock, and all deadlines in records are by that clock. A
/// server that keeps time itself (Redis expires keys) translates with [`Record::offset`]. A record whose idle or
/// absolute deadline is at or before `now` is absent for `load`, `commit` and `touch`, whether or not it has been
/// swept.
///
/// # Concurrency
///
/// Calls on one id are linearizable, across any number of processes: they behave as if they happened one after the
/// other, and a call that has returned happened before every call that starts later. A call whose future is dropped
/// either happens or does not, and must not block later calls.
///
/// # Errors
///
/// A call answers within a deadline of the store's own, or else within [`call_deadline`](Self::call_deadline). The
/// error of a write is [`StoreError::Unknown`] unless the
/// answer *proves* that nothing was applied: a broken connection, a garbled answer and an error that the store does not
/// know prove nothing. After `Unknown` the engine repeats a removal, and a commit with the same [`OpId`]; after another
/// error it may send the same changes under another one. A failed load is an error, never `None`.
///
/// # Example
///
/// What the engine does with a store:
///
/// ```
/// use session::store::{Commit, Committed, OpId, Record, Store, StoreError};
/// use session::{SessionId, Timestamp};
///
/// async fn replace(store: &impl Store, id: SessionId, op: OpId, now: Timestamp) -> Result<(), StoreError> {
///     let Some(current) = store.load(id, now).await? else {
///         return Ok(());
///     };
///     let next: Record = current.clone(); // … with the changes of the request
///     match store.commit(id, Commit::new(&current, op, &next), now).await? {
///         Committed::Applied => {},
///         Committed::Conflict(_stored) => {}, // another request was first: merge with its record and try again
///         Committed::Superseded | Committed::Gone => {}, // the changes of this request are dropped
///     }
///     Ok(())
/// }
/// ```
pub trait Store: Send + Sync + 'static {
    /// Files `record` under `id`, unless a live record is there: then it answers [`Exists`](Created::Exists) and writes
    /// nothing. A store may also answer `Exists` because of an expired record that has not been swept: ids are random,
    /// and the engine takes another one.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`], and those of any call.
    fn create(
        &self,
        id: SessionId,
        record: &Record,
        now: Timestamp,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// The live record under `id`, or `None`. One round trip; nothing is written.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if something else is stored there, and those of any call.
    fn load(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// As [`load`](Self::load), but never from a cache. A store without a cache keeps this default, which answers
    /// [`NotCached`](Reloaded::NotCached) and asks nothing; a wrapper passes it on.
    ///
    /// The engine calls it when a token does not open the record that `load` returned: another process may have rotated
    /// the token. Absence is not cached, so the engine does not call it after a `load` that found nothing.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn reload(&self, _id: SessionId, _now: Timestamp) -> impl Future<Output = Result<Reloaded, StoreError>> + Send {
        std::future::ready(Ok(Reloaded::NotCached))
    }

    /// Replaces the record under `id` with [`commit.record`](Commit::record), if it is at the expected epoch and
    /// revision, and the expected commit was the last one.
    ///
    /// All of it is replaced or none of it. The idle deadline never moves back: the later of the stored and the new one
    /// is written ([`Commit::replacement`]). In this order: no live record is [`Gone`](Committed::Gone); the expected
    /// epoch, revision and last commit are [`Applied`](Committed::Applied); [`commit.op`](Commit::op) among the
    /// record's writers is `Applied` as well, because it is a repetition; another epoch is
    /// [`Superseded`](Committed::Superseded); anything else is [`Conflict`](Committed::Conflict), with the stored
    /// record. [`Commit::decide`] is this rule for a live record.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`], [`StoreError::Corrupt`], and those of any call.
    fn commit(
        &self,
        id: SessionId,
        commit: Commit<'_>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Moves the idle deadline of the live record under `id` forward to `idle`, never back. Epoch and revision stay.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`], and those of any call.
    fn touch(
        &self,
        id: SessionId,
        idle: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Touched, StoreError>> + Send;

    /// Removes the record under `id`, whatever its deadlines. This is final: no commit or touch brings the record back.
    ///
    /// Most stores do not need `now`. It is for those that compare deadlines, such as
    /// [`Migrating`](crate::store::Migrating).
    ///
    /// # Errors
    ///
    /// Those of any call.
    fn destroy(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Destroyed, StoreError>> + Send;

    /// Removes up to `limit` expired records and returns how many it removed. A store that expires records by itself
    /// returns 0.
    ///
    /// # Errors
    ///
    /// Those of any call.
    fn sweep(&self, limit: usize, now: Timestamp) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// The index that finds sessions by user, or `None` (the default) if the store has none.
    fn users(&self) -> Option<&dyn UserIndex> {
        None
    }

    /// How long the engine waits for each call; default: five seconds. A call that takes longer is dropped: a read is
    /// [`StoreError::Unavailable`], and a write is [`StoreError::Unknown`]. A sweep, for which no request waits, may
    /// take ten times as long.
    ///
    /// A store whose calls all end by a deadline of their own answers `None`, and so do those of this crate: then
    /// nothing is measured. A wrapper passes it on. The deadline needs a tokio runtime with its timer enabled.
    ///
    /// ```
    /// use session::{MemoryStore, Store};
    ///
    /// assert_eq!(MemoryStore::new().call_deadline(), None);
    /// ```
    fn call_deadline(&self) -> Option<Duration> {
        Some(Duration::from_secs(5))
    }

    /// Whether payloads are encrypted in this store or in one behind it; default `false`. A wrapper passes it on.
    /// `Compressed` refuses such a store.
    fn encrypts(&self) -> bool {
        false
    }
}

/// A boxed future, as the methods of [`UserIndex`] return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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

    fn reload(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Reloaded, StoreError>> + Send {
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

    fn destroy(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<Destroyed, StoreError>> + Send {
        S::destroy(self, id, now)
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> impl Future<Output = Result<usize, StoreError>> + Send {
        S::sweep(self, limit, now)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        S::users(self)
    }

    fn call_deadline(&self) -> Option<Duration> {
        S::call_deadline(self)
    }

    fn encrypts(&self) -> bool {
        S::encrypts(self)
    }
}
