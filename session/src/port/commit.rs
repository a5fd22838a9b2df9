//! [`Commit`]: a conditional replacement of a record, and the rule that decides whether it happens.

use crate::base::clock::Timestamp;
use crate::data::record::{OpId, Record};

/// What [`Store::commit`](super::Store::commit) writes, and on which condition.
///
/// # Example
///
/// A store reads the live record, lets [`decide`](Self::decide) compare, and writes only on
/// [`Decision::Replace`]. No other write may come between the read and the write.
///
/// ```
/// use session::store::{Commit, Committed, Decision, Record};
///
/// fn commit(place: &mut Record, commit: Commit<'_>) -> Committed {
///     match commit.decide(place) {
///         Decision::Replace => {
///             *place = commit.replacement(place);
///             Committed::Applied
///         },
///         Decision::AlreadyApplied => Committed::Applied,
///         Decision::Superseded => Committed::Superseded,
///         Decision::Conflict => Committed::Conflict(Box::new(place.clone())),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Commit<'a> {
    /// The epoch that the stored record must have.
    pub epoch: u64,
    /// The revision that the stored record must have.
    pub revision: u64,
    /// The last commit that the stored record must have. Epoch and revision are not enough: after a failover that lost
    /// a commit, another one takes its revision.
    pub last_op: OpId,
    /// Names this commit; [`Record::has_applied`] recognises it.
    pub op: OpId,
    /// The complete new record: its epoch, revision and writers are already those after the commit.
    pub record: &'a Record,
    /// The absolute deadline of the record that is replaced.
    #[cfg_attr(
        not(any(feature = "sealed", feature = "file", feature = "testing")),
        expect(dead_code, reason = "for sealed cookies")
    )]
    pub(crate) until: Timestamp,
    /// Whether the new record has another user than the one before.
    #[cfg_attr(
        not(any(feature = "redis", feature = "file", feature = "testing")),
        expect(dead_code, reason = "for an index apart from the records")
    )]
    pub(crate) changes_user: bool,
}

/// What [`Commit::decide`] says about a stored record. See [`Commit`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the contract: a store must handle every decision")]
pub enum Decision {
    /// Epoch, revision and last commit are the expected ones: write [`Commit::replacement`] and answer
    /// [`Applied`](super::Committed::Applied).
    Replace,
    /// This very commit has been applied before: write nothing and answer [`Applied`](super::Committed::Applied).
    AlreadyApplied,
    /// The stored epoch is another one: write nothing and answer [`Superseded`](super::Committed::Superseded).
    Superseded,
    /// The stored revision is another one, or of another commit: write nothing and answer
    /// [`Conflict`](super::Committed::Conflict) with the stored record.
    Conflict,
}

/// The part of a stored record that [`Commit::decide`] compares.
///
/// [`Record`] implements it. A store that keeps these values apart from the record's bytes can implement it too, and
/// then decides without decoding the record.
///
/// ```
/// use session::store::{Commit, Decision, OpId, StoredHead};
///
/// struct Row {
///     epoch: u64,
///     revision: u64,
///     writers: Vec<OpId>, // the latest first
/// }
///
/// impl StoredHead for Row {
///     fn epoch(&self) -> u64 {
///         self.epoch
///     }
///
///     fn revision(&self) -> u64 {
///         self.revision
///     }
///
///     fn has_applied(&self, op: OpId) -> bool {
///         self.writers.contains(&op)
///     }
///
///     fn last_op(&self) -> OpId {
///         self.writers.first().copied().unwrap_or_default()
///     }
/// }
///
/// fn may_write(commit: &Commit<'_>, row: &Row) -> bool {
///     commit.decide(row) == Decision::Replace
/// }
/// ```
pub trait StoredHead {
    /// [`Record::epoch`] of the stored record.
    fn epoch(&self) -> u64;

    /// [`Record::revision`] of the stored record.
    fn revision(&self) -> u64;

    /// [`Record::has_applied`] of the stored record.
    fn has_applied(&self, op: OpId) -> bool;

    /// [`Record::last_op`] of the stored record.
    fn last_op(&self) -> OpId;
}

impl StoredHead for Record {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn has_applied(&self, op: OpId) -> bool {
        Self::has_applied(self, op)
    }

    fn last_op(&self) -> OpId {
        Self::last_op(self)
    }
}

impl<'a> Commit<'a> {
    /// The commit `op`, which replaces `current` with `next`. `next` must be complete: see [`record`](Self::record).
    pub fn new(current: &Record, op: OpId, next: &'a Record) -> Self {
        Self {
            epoch: current.epoch,
            revision: current.revision,
            last_op: current.last_op(),
            op,
            record: next,
            until: current.absolute,
            changes_user: current.user != next.user,
        }
    }

    /// The same commit with another record: for a store that wraps another one and keeps records in another form.
    #[must_use]
    pub fn with_record<'b>(&self, record: &'b Record) -> Commit<'b> {
        Commit { record, ..*self }
    }

    /// Whether this commit may replace `stored`, a live record. The caller answers
    /// [`Gone`](super::Committed::Gone) itself if there is none.
    ///
    /// In this order: the expected epoch, revision and last commit are [`Replace`](Decision::Replace); a record that
    /// this commit has written before is [`AlreadyApplied`](Decision::AlreadyApplied), even if other commits came after
    /// it; another epoch is [`Superseded`](Decision::Superseded); anything else is [`Conflict`](Decision::Conflict).
    pub fn decide(&self, stored: &impl StoredHead) -> Decision {
        if (stored.epoch(), stored.revision(), stored.last_op()) == (self.epoch, self.revision, self.last_op) {
            Decision::Replace
        } else if stored.has_applied(self.op) {
            Decision::AlreadyApplied
        } else if stored.epoch() != self.epoch {
            Decision::Superseded
        } else {
            Decision::Conflict
        }
    }

    /// The record to write in the place of `stored`: [`record`](Self::record), with the later of the two idle
    /// deadlines, because a touch may have moved the stored one.
    #[must_use]
    pub fn replacement(&self, stored: &Record) -> Record {
        self.record.clone().with_idle_deadline(stored.idle.max(self.record.idle))
    }
}
