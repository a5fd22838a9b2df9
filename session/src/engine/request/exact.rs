//! What an exact update needs of its request: its changes apart from those of other handles, and a commit of its own.

use std::mem;
use std::sync::Arc;

use super::RequestSession;
use super::report::trace_commit;
use crate::base::error::Error;
use crate::data::record::Record;
use crate::data::schema::sections::Reset;
use crate::data::token::{SessionId, Token};
use crate::engine::commit_queue::CommitRequest;
use crate::engine::delta::Delta;
use crate::engine::load::LoadedSession;
use crate::engine::{gone, superseded};
use crate::port::Committed;

/// Puts the changes of other handles aside while an update runs its closure. Dropping it puts them back.
pub(crate) struct Aside<'a> {
    request: &'a RequestSession,
    others: Delta,
    resets: (u32, Option<Reset>),
    is_back: bool,
}

/// The outcome of a compare-and-set.
pub(crate) enum Replaced {
    /// This record is stored.
    Applied(Arc<Record>),
    /// Another process has stored this record.
    Conflict(Arc<Record>),
    /// Another handle of this request has committed; only for a session that lives in its cookie.
    StaleBase,
    /// Nothing was written: the response that must carry the new cookie has left.
    TooLate,
}

impl RequestSession {
    /// Puts the changes so far aside.
    pub(crate) fn set_aside(&self) -> Result<Aside<'_>, Error> {
        let others = self.take_delta()?;
        let state = self.state();
        Ok(Aside { request: self, others, resets: (state.resets, state.last_reset), is_back: false })
    }

    /// Stores a new session with the changes of `delta`. `false` if another handle has stored one meanwhile.
    pub(crate) async fn create_exact(self: Arc<Self>, delta: Delta) -> Result<bool, Error> {
        let _io = self.lock_io().await;
        if self.loaded().is_some() {
            return Ok(false);
        }
        self.create(&delta).await?;
        self.note_reset(delta.reset);
        Ok(true)
    }

    /// Commits `delta` if the stored record is exactly `current`, and records the result. The caller must run it to
    /// completion: if a login is stored and its cookie is not sent, the client has lost its session.
    pub(crate) async fn compare_and_set(
        self: Arc<Self>,
        id: SessionId,
        current: Arc<Record>,
        delta: Delta,
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
        let token = delta.is_privilege_change().then(|| engine.rotate_token(id)).transpose()?;
        let verifier = token.as_ref().map(Token::verifier_hash);
        let delta = Arc::new(delta);
        let request = CommitRequest { delta: Arc::clone(&delta), base: Arc::clone(&current), verifier };
        let (committed, next) = engine.compare_and_set(id, &current, &request).await?;
        match committed {
            Committed::Applied => {},
            Committed::Conflict(fresh) => return Ok(Replaced::Conflict(Arc::new(*fresh))),
            Committed::Superseded => return Err(superseded()),
            Committed::Gone => return Err(gone()),
        }
        trace_commit(id, &next, &delta, token.is_some());
        let (id, next) = (token.as_ref().map_or(id, Token::id), Arc::new(next));
        self.note_reset(reset);
        self.committed(LoadedSession { id, record: Arc::clone(&next) }, token)?;
        // Logout destroys the session if no field survives it. The user is logged out already, so a session that cannot
        // be removed stays empty.
        if reset == Some(Reset::Logout)
            && next.payload.is_empty()
            && let Err(error) = self.end(id).await
        {
            tracing::warn!(session = %id, %error, "an empty session could not be removed after a logout");
        }
        Ok(Replaced::Applied(next))
    }

    /// After a stored login or logout, the changes of other handles are kept only where their field survives it.
    fn note_reset(&self, reset: Option<Reset>) {
        let Some(reset) = reset else { return };
        let mut state = self.state();
        state.delta.retain_surviving(reset);
        state.resets = state.resets.wrapping_add(1);
        state.last_reset = Some(reset);
    }
}

impl Aside<'_> {
    /// The changes since [`set_aside`](RequestSession::set_aside), and no others. A failure since then is returned.
    pub(crate) fn own(mut self) -> Result<Delta, Error> {
        let (own, failure) = self.put_back();
        failure.map_or(Ok(own), Err)
    }

    fn put_back(&mut self) -> (Delta, Option<Error>) {
        self.is_back = true;
        let mut state = self.request.state();
        // The update's own logins and logouts count for other handles once they are stored.
        (state.resets, state.last_reset) = self.resets;
        (mem::replace(&mut state.delta, mem::take(&mut self.others)), state.failure.take())
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        if !self.is_back {
            self.put_back();
        }
    }
}
