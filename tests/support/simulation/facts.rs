//! What handlers tell the judge.

use session::{ErrorKind, SessionId};

use super::View;
use super::steps::Field;

/// Something that a handler has done or seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// A handle shows these fields.
    Sees(usize, View),
    Marked {
        handle: usize,
        field: Field,
        mark: u64,
        session: Option<SessionId>,
        /// The user as the handle shows it. `None` if the user was assigned directly before: then the judge does not
        /// say whose the mark is.
        owner: Option<Option<u64>>,
    },
    /// A change of privilege of this session, by a method.
    Privilege {
        session: Option<SessionId>,
        what: Privilege,
    },
    /// The user was changed without `login` and `logout`.
    Assigned(Option<u64>),
    Dropped(usize),
    CommitBegins(usize),
    CommitEnds {
        handle: usize,
        result: Result<(), ErrorKind>,
        session: Option<SessionId>,
    },
    UpdateBegins(u64),
    /// The closure of an update runs.
    Updating {
        mark: u64,
        owner: Option<Option<u64>>,
    },
    UpdateEnds {
        mark: u64,
        result: Result<(), ErrorKind>,
        session: Option<SessionId>,
    },
    /// The handler stops waiting for a commit or an update.
    Abandons,
    /// The handler answers with this status, if the layer does not replace it.
    Responds(u16),
    Panics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Privilege {
    Login(u64),
    Logout,
    Rotate,
    Destroy,
}
