//! The outcomes of the calls of a [`Store`](super::Store).

use crate::data::record::Record;

/// Outcome of [`Store::create`](super::Store::create).
///
/// ```
/// use session::SessionId;
/// use session::store::{Created, Record, Store, StoreError};
/// use session::Timestamp;
///
/// /// Copies a record, and says whether it is in the store now.
/// async fn copy(store: &impl Store, id: SessionId, record: &Record, now: Timestamp) -> Result<bool, StoreError> {
///     Ok(match store.create(id, record, now).await? {
///         Created::Created => true,
///         Created::Exists => false, // under this id there is another record, or an expired one
///     })
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Created {
    /// The record is stored.
    Created,
    /// There is a record under that id already; nothing was written.
    Exists,
}

/// Outcome of [`Store::reload`](super::Store::reload).
///
/// ```
/// use session::store::{Record, Reloaded, Store, StoreError};
/// use session::{SessionId, Timestamp};
///
/// /// The record as the store has it now, whatever a cache has.
/// async fn current(store: &impl Store, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
///     match store.reload(id, now).await? {
///         Reloaded::Record(record) => Ok(record),
///         Reloaded::NotCached => store.load(id, now).await,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
#[expect(clippy::large_enum_variant, reason = "not larger than what `load` answers")]
pub enum Reloaded {
    /// The store has no cache: [`load`](super::Store::load) is always current, and nothing was asked.
    NotCached,
    /// The live record as the store behind the cache has it now, if there is one.
    Record(Option<Record>),
}

/// Outcome of [`Store::commit`](super::Store::commit). See [`Store`](super::Store) for an example.
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
    /// There is no live record. Nothing was written.
    Gone,
}

/// Outcome of [`Store::touch`](super::Store::touch).
///
/// ```
/// # use session::store::{MemoryStore, Store, Touched};
/// # use session::{SessionId, Timestamp};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (store, now) = (MemoryStore::new(), Timestamp::from_millis(0));
/// let touched = store.touch(SessionId::from_bytes([7; 16]), Timestamp::from_millis(1_000), now).await?;
/// assert_eq!(touched, Touched::Gone); // there is no such session
/// # Ok::<(), session::store::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Touched {
    /// The idle deadline is at least the requested one.
    Touched,
    /// There is no live record. Nothing was written.
    Gone,
}

/// Outcome of [`Store::destroy`](super::Store::destroy).
///
/// ```
/// # use session::store::{Destroyed, MemoryStore, Store};
/// # use session::{SessionId, Timestamp};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (store, now) = (MemoryStore::new(), Timestamp::from_millis(0));
/// assert_eq!(store.destroy(SessionId::from_bytes([7; 16]), now).await?, Destroyed::Absent);
/// # Ok::<(), session::store::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Destroyed {
    /// There was a record, and it is removed.
    Existed,
    /// There was no record.
    Absent,
}
