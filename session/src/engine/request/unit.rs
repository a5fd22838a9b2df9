//! [`Unit`]: the work of one request on its session. Pure: no I/O and no locks.
//!
//! ```text
//! loaded ── taken ── changes      what a new handle sees
//!    └─ log of resets             which changes of older handles still count
//! ```
//!
//! A handle decodes its fields from a [`Snapshot`], and its changes are merged with it. The snapshot remembers its
//! place in the log of resets, so a change that was made before a logout is not merged into what follows it.

use std::mem;
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind};
use crate::base::log_limit::LogLimit;
use crate::data::payload::Payload;
use crate::data::record::{Identity, Record};
use crate::data::schema::sections::{Reset, SchemaRegistry, survives};
use crate::data::token::SessionId;
use crate::engine::delta::{Change, Delta};
use crate::engine::load::LoadedSession;
use crate::engine::superseded;

/// The session that a request has loaded, and what its handles have changed.
#[derive(Default)]
pub(crate) struct Unit {
    pub(super) loaded: Option<LoadedSession>,
    /// The changes that a commit under way has taken. They apply to `loaded`.
    taken: Option<Taken>,
    /// The changes that no commit has taken. They apply to `loaded` after `taken`.
    changes: Delta,
    log: ResetLog,
    /// Destroyed sessions that must be removed from the store.
    pub(super) to_destroy: Vec<Ending>,
    /// The session whose token was replaced while this request was on its way. The request counts as anonymous, but it
    /// must not create a session: the new cookie would overwrite the cookie that the rotation has just set.
    pub(super) rotated_in_flight: Option<Rotated>,
    /// Why this release cannot read the stored session. A login replaces it, and a logout removes its cookie; nothing
    /// else may take its place.
    refusal: Option<Error>,
    /// The first error that no caller could be given. It becomes the response.
    pub(super) failure: Option<Error>,
}

/// A session whose token was replaced while this request was on its way.
#[derive(Clone, Copy)]
pub(super) struct Rotated {
    pub(super) id: SessionId,
    /// The request has the token from before, so it may end the session.
    pub(super) is_proven: bool,
}

/// What a change does to a client without a loaded session.
pub(super) enum WithoutSession {
    Creates,
    RemovesCookie,
    /// Logs the user out of the session with this id.
    Ends(SessionId),
}

/// A session that must be removed from the store.
#[derive(Clone)]
pub(super) struct Ending {
    pub(super) id: SessionId,
    /// `None` if this request could not load it.
    pub(super) record: Option<Arc<Record>>,
}

struct Taken {
    changes: Arc<Delta>,
    place: Place,
}

/// What a handle's fields are decoded from.
pub(crate) struct Snapshot {
    pub(crate) payload: Payload,
    place: Place,
}

/// What a handle has changed since its snapshot.
pub(crate) struct HandleChanges {
    pub(crate) changes: Vec<Change>,
    /// The user after the change, if it changed.
    pub(crate) user: Option<Identity>,
    /// A change of the user without [`login`](crate::Tracked::login) or [`logout`](crate::Tracked::logout) counts as
    /// one of them.
    pub(crate) reset: Option<Reset>,
}

/// What a commit has stored.
pub(super) enum Written {
    Stored(LoadedSession),
    /// The session has ended.
    Ended,
    Nothing,
}

/// The logins, logouts and destructions of a request, in order. Of each kind only the last place counts.
#[derive(Default)]
struct ResetLog {
    len: u32,
    logins: u32,
    logouts: u32,
    destructions: u32,
}

/// A place in a [`ResetLog`]: the number of resets before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32);

impl ResetLog {
    fn note(&mut self, reset: Reset) {
        self.len = self.len.saturating_add(1);
        *match reset {
            Reset::Login => &mut self.logins,
            Reset::Logout => &mut self.logouts,
            Reset::Destruction => &mut self.destructions,
        } = self.len;
    }

    fn place(&self) -> Place {
        Place(self.len)
    }

    fn strictest_since(&self, place: Place) -> Option<Reset> {
        let kinds =
            [(self.destructions, Reset::Destruction), (self.logouts, Reset::Logout), (self.logins, Reset::Login)];
        kinds.into_iter().find(|(last, _)| *last > place.0).map(|(_, reset)| reset)
    }
}

impl Unit {
    pub(super) fn new(loaded: Option<LoadedSession>) -> Self {
        Self { loaded, ..Self::default() }
    }

    /// Whether there is anything to write.
    pub(super) fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.to_destroy.is_empty() && self.failure.is_none()
    }

    pub(super) fn changes_privilege(&self) -> bool {
        self.changes.is_privilege_change()
    }

    pub(super) fn place(&self) -> Place {
        self.log.place()
    }

    /// The session as this request sees it: as stored, with the applied changes of its handles.
    pub(super) fn snapshot(&self, sections: &SchemaRegistry) -> Result<Snapshot, Error> {
        let base = self.base(sections)?;
        let payload = match self.changes.is_empty() {
            true => base,
            false => self.changes.apply_to_payload(&base, sections)?,
        };
        Ok(Snapshot { payload, place: self.log.place() })
    }

    /// The payload that `changes` apply to.
    fn base(&self, sections: &SchemaRegistry) -> Result<Payload, Error> {
        let stored = self.loaded.as_ref().map_or_else(Payload::default, |loaded| loaded.record.payload.clone());
        match self.taken.as_ref().filter(|taken| !self.is_destroyed_since(taken.place)) {
            None => Ok(stored),
            Some(taken) => taken.changes.apply_to_payload(&stored, sections),
        }
    }

    /// Merges the changes that a handle made on the snapshot `seen`. Those that a login, logout or destruction by
    /// another handle has reset meanwhile are dropped, with a warning that `limit` admits.
    pub(super) fn merge(
        &mut self,
        applied: HandleChanges,
        seen: &Snapshot,
        sections: &SchemaRegistry,
        limit: &LogLimit,
    ) {
        let HandleChanges { mut changes, mut user, mut reset } = applied;
        if let Some(since) = self.log.strictest_since(seen.place) {
            let dropped: Vec<_> = changes.extract_if(.., |change| !survives(since, change.field)).collect();
            if !dropped.is_empty()
                && let Some(left_out) = limit.admit()
            {
                let fields: Vec<_> = dropped.iter().map(|change| change.field.info.name).collect();
                tracing::warn!(
                    ?fields,
                    by = ?since,
                    left_out,
                    "changes of a session handle are dropped: another handle of the request has logged in, logged out \
                     or destroyed the session since this handle was made"
                );
            }
            (user, reset) = (None, None);
        }
        if let Some(reset) = reset {
            self.reset(reset);
        }
        self.changes.user = user.or(self.changes.user.take());
        let base = match self.base(sections) {
            Ok(base) => base,
            Err(error) => return self.fail(error),
        };
        if self.changes.changes.is_empty() && seen.payload.is(&base) {
            self.changes.changes = changes;
            return;
        }
        for change in changes {
            if let Err(error) = self.changes.push(change, &seen.payload, &base, sections) {
                self.fail(error);
            }
        }
    }

    /// Records an error that no caller can be given.
    pub(super) fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Adds a login or logout.
    pub(super) fn reset(&mut self, reset: Reset) {
        self.changes.reset(reset);
        self.log.note(reset);
    }

    pub(super) fn rotate(&mut self) {
        self.changes.rotate = true;
    }

    /// Adds a login of the user who is logged in already. It resets nothing.
    pub(super) fn login_again(&mut self, user: Identity) {
        self.changes.rotate = true;
        self.changes.user = Some(user);
    }

    /// Drops all changes. The session must be removed from the store.
    ///
    /// `false` if the session cannot be read, so that only its cookie is removed.
    pub(super) fn destroy(&mut self) -> bool {
        self.changes = Delta::default();
        self.log.note(Reset::Destruction);
        match (self.loaded.take(), self.rotated_in_flight) {
            (Some(LoadedSession { id, record }), _) => self.to_destroy.push(Ending { id, record: Some(record) }),
            // A session whose token was replaced meanwhile must end too.
            (None, Some(Rotated { id, is_proven: true })) => {
                self.rotated_in_flight = None;
                self.to_destroy.push(Ending { id, record: None });
            },
            (None, Some(_)) => self.fail(superseded()),
            (None, None) => {},
        }
        self.refusal.is_none()
    }

    /// The next commit files the session under its user anew.
    pub(super) fn refile(&mut self) {
        self.changes.refile = true;
    }

    /// Starts anew without the stored session, which cannot be read because of `refusal`. It stays in the store.
    pub(super) fn start_over(&mut self, refusal: Error) {
        self.changes = Delta::default();
        self.log.note(Reset::Destruction);
        self.loaded = None;
        self.refusal = Some(refusal);
    }

    /// What `delta` does without a loaded session.
    ///
    /// # Errors
    ///
    /// Why this request must not create a session, unless it is one for a login: the client has a session that this
    /// release cannot read, or whose token was replaced while the request was on its way.
    pub(super) fn without_session(&self, delta: &Delta) -> Result<WithoutSession, Error> {
        match (&self.refusal, self.rotated_in_flight) {
            _ if delta.logs_in() => Ok(WithoutSession::Creates),
            (Some(_), _) if delta.logs_out() => Ok(WithoutSession::RemovesCookie),
            (Some(refusal), _) => Err(refusal.repeated()),
            (None, Some(Rotated { id, is_proven: true })) if delta.logs_out() => Ok(WithoutSession::Ends(id)),
            (None, Some(_)) => Err(superseded()),
            (None, None) => Ok(WithoutSession::Creates),
        }
    }

    /// Drops all changes of a handler that has panicked.
    pub(super) fn drop_all(&mut self) {
        self.changes = Delta::default();
        self.to_destroy.clear();
    }

    /// Drops what a failed handler must not store. `logs_out_before_login` says whether the logout that a login begins
    /// with is carried out.
    pub(super) fn drop_failed(&mut self, logs_out_before_login: bool) {
        self.changes.drop_failed(logs_out_before_login);
    }

    /// Takes the changes so far, to commit them. [`conclude`](Self::conclude) must follow.
    pub(super) fn take(&mut self) -> Option<Arc<Delta>> {
        if self.changes.is_empty() {
            return None;
        }
        let changes = Arc::new(mem::take(&mut self.changes));
        self.taken = Some(Taken { changes: Arc::clone(&changes), place: self.log.place() });
        Some(changes)
    }

    /// Takes the changes of a unit that is committed by other means.
    pub(super) fn take_alone(&mut self) -> Result<Delta, Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(mem::take(&mut self.changes)),
        }
    }

    /// Records the outcome of the commit that has taken changes. `is_last` says that no other commit of this request
    /// follows. `false` if the session was destroyed meanwhile, so that no cookie may be set.
    pub(super) fn conclude(&mut self, outcome: Result<Written, &Error>, is_last: bool) -> bool {
        let Some(taken) = self.taken.take() else { return true };
        let is_destroyed = self.is_destroyed_since(taken.place);
        match outcome {
            Ok(written) => self.stored(written, is_destroyed),
            // Nothing was written. The caller may try again, and otherwise the end of the request does.
            Err(error) if error.kind() == ErrorKind::Unavailable && !is_last && !is_destroyed => {
                let later = mem::replace(&mut self.changes, Arc::unwrap_or_clone(taken.changes));
                if let Err(error) = self.changes.append(later) {
                    self.fail(error);
                }
            },
            Err(_) if is_destroyed => {},
            Err(error) => self.fail(error.repeated()),
        }
        !is_destroyed
    }

    /// Records what an exact update has stored, with its login or logout. `since` is from before the update. `false`
    /// if the session was destroyed meanwhile.
    pub(super) fn publish(&mut self, written: Written, reset: Option<Reset>, since: Place) -> bool {
        let is_destroyed = self.is_destroyed_since(since);
        self.stored(written, is_destroyed);
        // The changes of other handles are kept only where their field survives it.
        if let Some(reset) = reset {
            self.changes.retain_surviving(reset);
            self.log.note(reset);
        }
        !is_destroyed
    }

    pub(super) fn is_destroyed_since(&self, place: Place) -> bool {
        self.log.strictest_since(place) == Some(Reset::Destruction)
    }

    fn stored(&mut self, written: Written, is_destroyed: bool) {
        match written {
            // The bytes of a session that cannot be read stay, also if another section of it was written meanwhile.
            Written::Stored(_) if is_destroyed && self.refusal.is_some() => {},
            Written::Stored(LoadedSession { id, record }) if is_destroyed => {
                self.to_destroy.push(Ending { id, record: Some(record) });
            },
            Written::Stored(stored) => {
                // An update may have stored a later record while this commit was under way.
                let state = |of: &LoadedSession| (of.record.epoch(), of.record.revision());
                let is_older = |known: &LoadedSession| known.id == stored.id && state(known) > state(&stored);
                if !self.loaded.as_ref().is_some_and(is_older) {
                    self.loaded = Some(stored);
                }
            },
            Written::Ended => self.loaded = None,
            Written::Nothing => {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another section of the session is written while a handler starts over without its unreadable one.
    #[test]
    fn an_unreadable_session_is_not_destroyed() {
        let loaded = LoadedSession { id: SessionId::from_bytes([7; 16]), record: Arc::new(Record::minimal()) };
        let mut unit = Unit::new(Some(loaded.clone()));
        unit.rotate();
        assert!(unit.take().is_some());
        unit.start_over(superseded());
        assert!(!unit.conclude(Ok(Written::Stored(loaded)), false));
        assert!(unit.to_destroy.is_empty());
    }

    #[test]
    fn the_strictest_reset_since_a_place() {
        let mut log = ResetLog::default();
        let start = log.place();
        assert_eq!(log.strictest_since(start), None);
        log.note(Reset::Logout);
        let between = log.place();
        log.note(Reset::Login);
        assert_eq!(log.strictest_since(start), Some(Reset::Logout));
        assert_eq!(log.strictest_since(between), Some(Reset::Login));
        assert_eq!(log.strictest_since(log.place()), None);
        log.note(Reset::Destruction);
        assert_eq!(log.strictest_since(between), Some(Reset::Destruction));
    }
}
