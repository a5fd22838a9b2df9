//! [`Model`]: the contract as a function on one session in memory.
//!
//! The model has its own statement of the commit rule and does not call [`Commit::decide`], which the stores under test
//! call: a mistake in `decide` would otherwise be in both, and the comparison would find nothing.

use std::fmt;

use super::now;
use crate::base::clock::Timestamp;
use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{Commit, Committed, Created, Destroyed, Store, StoreError, Touched};

/// Stores may convert times by a measured clock offset: times that differ by less than this, in milliseconds, count as
/// equal. Deadlines that must differ are whole minutes apart.
const NEAR: u64 = 5_000;

/// A call on one session.
#[derive(Clone)]
pub(super) enum Call {
    Create(Record),
    Load,
    Commit {
        epoch: u64,
        revision: u64,
        last_op: OpId,
        op: OpId,
        record: Record,
    },
    Touch(Timestamp),
    Destroy,
    /// Whether the session is in the list of this user.
    List(UserKey),
    Revoke(UserKey),
    Sweep,
}

/// The answer to a call.
#[derive(Debug)]
pub(super) enum Answer {
    Created(Created),
    Loaded(Option<Box<Record>>),
    Committed(Committed),
    Touched(Touched),
    Destroyed(Destroyed),
    Listed(bool),
    Revoked(usize),
    Swept,
}

/// One session, as the contract defines it. It does not model expiry.
#[derive(Clone, Default)]
pub(super) struct Model(Option<Record>);

impl Model {
    pub(super) fn record(&self) -> Option<&Record> {
        self.0.as_ref()
    }

    /// Its whole state.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.as_ref().map(Record::encode).unwrap_or_default()
    }

    /// Whether the contract permits the call: the user changes only with the epoch. See [`Commit::record`].
    pub(super) fn permits(&self, call: &Call) -> bool {
        match (&self.0, call) {
            (Some(stored), Call::Commit { epoch, revision, last_op, record, .. }) => {
                let applies = (stored.epoch, stored.revision, stored.last_op()) == (*epoch, *revision, *last_op);
                !applies || record.epoch != stored.epoch || record.user == stored.user
            },
            _ => true,
        }
    }

    pub(super) fn ask(&mut self, call: &Call) -> Answer {
        match call {
            Call::Create(_) if self.0.is_some() => Answer::Created(Created::Exists),
            Call::Create(record) => {
                self.0 = Some(record.clone());
                Answer::Created(Created::Created)
            },
            Call::Load => Answer::Loaded(self.0.clone().map(Box::new)),
            Call::Commit { epoch, revision, last_op, op, record } => {
                Answer::Committed(self.commit((*epoch, *revision, *last_op), *op, record))
            },
            Call::Touch(idle) => Answer::Touched(match &mut self.0 {
                None => Touched::Gone,
                Some(record) => {
                    record.idle = record.idle.max(*idle);
                    Touched::Touched
                },
            }),
            Call::Destroy => Answer::Destroyed(self.0.take().map_or(Destroyed::Absent, |_| Destroyed::Existed)),
            Call::List(user) => Answer::Listed(self.is_of(user)),
            Call::Revoke(user) if self.is_of(user) => {
                self.0 = None;
                Answer::Revoked(1)
            },
            Call::Revoke(_) => Answer::Revoked(0),
            Call::Sweep => Answer::Swept,
        }
    }

    fn commit(&mut self, expected: (u64, u64, OpId), op: OpId, record: &Record) -> Committed {
        match &mut self.0 {
            None => Committed::Gone,
            Some(stored) if (stored.epoch, stored.revision, stored.last_op()) == expected => {
                *stored = record.clone().with_idle_deadline(stored.idle.max(record.idle));
                Committed::Applied
            },
            Some(stored) if stored.has_applied(op) => Committed::Applied,
            Some(stored) if stored.epoch != expected.0 => Committed::Superseded,
            Some(stored) => Committed::Conflict(Box::new(stored.clone())),
        }
    }

    fn is_of(&self, user: &UserKey) -> bool {
        self.0.as_ref().is_some_and(|record| record.user() == Some(user))
    }
}

impl Call {
    /// Makes the call on the session `id` of the store under test.
    pub(super) async fn ask<S: Store>(&self, store: &S, id: SessionId) -> Result<Answer, StoreError> {
        Ok(match self {
            Self::Create(record) => Answer::Created(store.create(id, record, now()).await?),
            Self::Load => Answer::Loaded(store.load(id, now()).await?.map(Box::new)),
            Self::Commit { epoch, revision, last_op, op, record } => {
                let (epoch, revision, last_op, op) = (*epoch, *revision, *last_op, *op);
                let (until, changes_user) = (record.absolute, true);
                let commit = Commit { epoch, revision, last_op, op, record, until, changes_user };
                Answer::Committed(store.commit(id, commit, now()).await?)
            },
            Self::Touch(idle) => Answer::Touched(store.touch(id, *idle, now()).await?),
            Self::Destroy => Answer::Destroyed(store.destroy(id, now()).await?),
            Self::List(user) => Answer::Listed(match store.users() {
                Some(users) => users.list_user(user, 1_000, now()).await?.iter().any(|(found, _)| *found == id),
                None => false,
            }),
            Self::Revoke(user) => Answer::Revoked(match store.users() {
                Some(users) => users.revoke_user(user, None, now()).await?,
                None => 0,
            }),
            Self::Sweep => {
                store.sweep(3, now()).await?;
                Answer::Swept
            },
        })
    }

    /// A commit that replaces `base` by `record`.
    pub(super) fn commit(base: &Record, op: OpId, record: Record) -> Self {
        Self::Commit { epoch: base.epoch, revision: base.revision, last_op: base.last_op(), op, record }
    }
}

impl Answer {
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Created(one), Self::Created(two)) => one == two,
            (Self::Loaded(one), Self::Loaded(two)) => same(one.as_deref(), two.as_deref()),
            (Self::Swept, Self::Swept) => true,
            (Self::Committed(Committed::Conflict(one)), Self::Committed(Committed::Conflict(two))) => {
                same(Some(one), Some(two))
            },
            (Self::Committed(one), Self::Committed(two)) => super::name_of(one) == super::name_of(two),
            (Self::Touched(one), Self::Touched(two)) => one == two,
            (Self::Destroyed(one), Self::Destroyed(two)) => one == two,
            (Self::Listed(one), Self::Listed(two)) => one == two,
            (Self::Revoked(one), Self::Revoked(two)) => one == two,
            _ => false,
        }
    }

    /// The record in the answer.
    pub(super) fn record(&self) -> Option<&Record> {
        match self {
            Self::Loaded(record) => record.as_deref(),
            Self::Committed(Committed::Conflict(record)) => Some(record),
            _ => None,
        }
    }
}

/// Whether two records are equal, up to [`NEAR`] for their times.
pub(super) fn same(one: Option<&Record>, two: Option<&Record>) -> bool {
    let (Some(one), Some(two)) = (one, two) else {
        return one.is_none() && two.is_none();
    };
    let near = |one: Timestamp, two: Timestamp| one.as_millis().abs_diff(two.as_millis()) < NEAR;
    (one.epoch, one.revision) == (two.epoch, two.revision)
        && one.payload == two.payload
        && one.user == two.user
        && one.writers == two.writers
        && one.verifier.matches(&two.verifier)
        && near(one.idle, two.idle)
        && near(one.absolute, two.absolute)
        && near(one.created, two.created)
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(_) => f.write_str("create"),
            Self::Load => f.write_str("load"),
            Self::Commit { epoch, revision, op, record, .. } => write!(
                f,
                "commit {}/{} at {epoch}.{revision} of {}.{}",
                op.process, op.sequence, record.epoch, record.revision
            ),
            Self::Touch(idle) => write!(f, "touch {idle:?}"),
            Self::Destroy => f.write_str("destroy"),
            Self::List(_) => f.write_str("list"),
            Self::Revoke(_) => f.write_str("revoke"),
            Self::Sweep => f.write_str("sweep"),
        }
    }
}
