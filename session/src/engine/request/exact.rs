//! The commits of an exact update: its changes come from a private unit, apart from those of other handles.

use std::error::Error as _;
use std::sync::Arc;

use super::report::trace_commit;
use super::unit::{Place, Written};
use super::{CookieChange, RequestSession};
use crate::base::error::Error;
use crate::data::record::Record;
use crate::data::schema::sections::Reset;
use crate::data::token::{SessionId, Token};
use crate::engine::commit_queue::CommitRequest;
use crate::engine::delta::Delta;
use crate::engine::load::LoadedSession;
use crate::engine::{gone, superseded};
use crate::port::Committed;

/// The outcome of a compare-and-set.
pub(crate) enum Replaced {
    /// This record is stored.
    Applied(Arc<Record>),
    /// The session was removed: the store has no room for what survives the logout.
    Ended,
    /// Another process has stored this record.
    Conflict(Arc<Record>),
    /// Another handle of this request has committed; only for a session that lives in its cookie.
    StaleBase,
    /// Nothing was written: the response that must carry the new cookie has left.
    TooLate,
}

impl RequestSession {
    /// Stores a new session with the changes of `delta`. `false` if another handle has stored one meanwhile.
    pub(crate) async fn create_exact(self: Arc<Self>, delta: Delta) -> Result<bool, Error> {
        let _io = self.lock_io().await;
        if self.loaded().is_some() {
            return Ok(false);
        }
        let since = self.state().unit.place();
        let (written, cookie) = self.create(&delta).await?;
        self.publish(written, cookie, delta.reset, since);
        Ok(true)
    }

    /// Where an update begins. If another handle destroys the session after it, the update fails.
    pub(crate) fn place(&self) -> Place {
        self.state().unit.place()
    }

    /// Commits `delta` if the stored record is exactly `current`, and records the result. The caller must run it to
    /// completion: if a login is stored and its cookie is not sent, the client has lost its session.
    pub(crate) async fn compare_and_set(
        self: Arc<Self>,
        id: SessionId,
        current: Arc<Record>,
        delta: Delta,
        since: Place,
    ) -> Result<Replaced, Error> {
        let (engine, reset) = (&self.engine, delta.reset);
        let in_cookie = engine.lives_in_cookie();
        // Held so that the response waits for the commit. If another handle holds the lock, its commit waits in the
        // queue behind this one, and the response waits for that handle.
        let _io = if in_cookie { Some(self.lock_io().await) } else { self.io_lock.try_lock().ok() };
        if in_cookie && !self.loaded().is_some_and(|loaded| Arc::ptr_eq(&loaded.record, &current)) {
            return Ok(Replaced::StaleBase);
        }
        if (in_cookie || delta.is_privilege_change()) && self.is_finished() {
            return Ok(Replaced::TooLate);
        }
        if self.state().unit.is_destroyed_since(since) {
            return Err(gone());
        }
        let token = delta.is_privilege_change().then(|| engine.rotate_token(id)).transpose()?;
        let verifier = token.as_ref().map(|token| engine.backend().verifier_hash(token));
        let delta = Arc::new(delta);
        let (base, is_use) = (Arc::clone(&current), self.is_used());
        let request = CommitRequest { delta: Arc::clone(&delta), base, verifier, is_use };
        let (committed, next) = match engine.compare_and_set(id, &current, &request).await {
            Err(error) if error.is_out_of_room() && delta.logs_out() => {
                self.end_without_room(id, &current, &error).await?;
                self.publish(Written::Ended, Some(CookieChange::Remove), reset, since);
                return Ok(Replaced::Ended);
            },
            committed => committed?,
        };
        match committed {
            Committed::Applied => {},
            Committed::Conflict(fresh) => return Ok(Replaced::Conflict(Arc::new(*fresh))),
            Committed::Superseded => return Err(superseded()),
            Committed::Gone => return Err(gone()),
        }
        if let Some(before) = current.user().filter(|before| next.user() != Some(before)) {
            engine.forget(id, before).await;
        }
        trace_commit(id, &next, &delta, token.is_some());
        let (id, next) = (token.as_ref().map_or(id, Token::id), Arc::new(next));
        let (written, cookie) = self.stored(LoadedSession { id, record: Arc::clone(&next) }, token)?;
        self.publish(written, cookie, reset, since);
        // Logout destroys the session if no field survives it. The user is logged out already, so a session that cannot
        // be removed stays empty.
        if delta.logs_out() && next.payload.is_empty() {
            match self.end(id, &next).await {
                Ok(()) => self.publish(Written::Ended, Some(CookieChange::Remove), None, since),
                Err(error) => {
                    let (cause, what) = (error.source(), "an empty session could not be removed after a logout");
                    tracing::warn!(session = %id, %error, ?cause, "{what}");
                },
            }
        }
        Ok(Replaced::Applied(next))
    }

    /// Records that `record` is stored, as an update has read it.
    pub(crate) fn refreshed(&self, id: SessionId, record: Arc<Record>, since: Place) -> Result<(), Error> {
        if self.state().unit.is_destroyed_since(since) {
            return Err(gone());
        }
        let (written, cookie) = self.stored(LoadedSession { id, record }, None)?;
        self.publish(written, cookie, None, since);
        Ok(())
    }

    fn publish(&self, written: Written, cookie: Option<CookieChange>, reset: Option<Reset>, since: Place) {
        let mut state = self.state();
        if state.unit.publish(written, reset, since) && cookie.is_some() {
            state.cookie = cookie;
        }
    }
}
