//! What the calls of a [`Store`](super::Store) answer.

use crate::data::record::Record;

/// Outcome of [`Store::create`](super::Store::create).
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

/// Outcome of [`Store::commit`](super::Store::commit).
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a caller must handle every outcome")]
pub enum Destroyed {
    /// There was a record, and it is removed.
    Existed,
    /// There was no record.
    Absent,
}
