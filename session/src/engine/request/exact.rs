//! What an exact update needs of its request: its changes apart from those of other handles, and a write of its own.

use std::mem;
use std::sync::Arc;

use super::RequestSession;
use crate::base::error::Error;
use crate::data::record::Record;
use crate::data::schema::sections::Reset;
use crate::data::token::{SessionId, Token};
use crate::engine::commit::{LoadedSession, gone, superseded};
use crate::engine::commit_queue::CommitRequest;
use crate::engine::delta::Delta;
use crate::port::Committed;

/// What other handles have changed, and is none of the update's business. It is put back when this goes.
pub(crate) struct Aside<'a> {
    request: &'a RequestSession,
    others: Delta,
    resets: (u32, Option<Reset>),
    is_back: bool,
}

/// What came of a write.
pub(crate) enum Replaced {
    /// This is stored now.
    Applied(Arc<Record>),
    /// Another process has stored this.
    Conflict(Arc<Record>),
    /// Another handle of this request has changed the session, which lives in its cookie.
    StaleBase,
    /// Nothing was written: the response that should carry the session's new cookie has left.
    TooLate,
}

impl RequestSession {
    /// Puts aside what has been changed so far.
    pub(crate) fn set_aside(&self) -> Result<Aside<'_>, Error> {
        let others = self.take_delta()?;
        let state = self.state();
        Ok(Aside { request: self, others, resets: (state.resets, state.last_reset), is_back: false })
    }

    /// Stores a new session that begins with `delta`, unless another handle has stored it by now.
    pub(crate) async fn create_exact(self: Arc<Self>, delta: Delta) -> Result<bool, Error> {
        let _io = self.lock_io().await;
        if self.live().is_some() {
            return Ok(false);
        }
        self.create(&delta).await?;
        self.has_reset(delta.reset);
        Ok(true)
    }

    /// Writes `delta` over exactly `current`, and notes what is stored then. Drive it to its end: a login whose cookie is not sent is
    /// the end of the session.
    pub(crate) async fn compare_and_set(
        self: Arc<Self>,
        id: SessionId,
        current: Arc<Record>,
        delta: Delta,
    ) -> Result<Replaced, Error> {
        let (engine, reset) = (&self.engine, delta.reset);
        let is_sealed = engine.is_sealed();
        // Held, so that the response waits for it. If another handle has it, that one's commit waits in line for this one, and the
        // response for that.
        let _io = if is_sealed { Some(self.lock_io().await) } else { self.io_lock.try_lock().ok() };
        if is_sealed && !self.live().is_some_and(|live| Arc::ptr_eq(&live.record, &current)) {
            return Ok(Replaced::StaleBase);
        }
        if (is_sealed || delta.is_privilege_change()) && self.is_finished() {
            return Ok(Replaced::TooLate);
        }
        let token = delta.is_privilege_change().then(|| engine.rotate_token(id)).transpose()?;
        let verifier = token.as_ref().map(Token::verifier_hash);
        let request = CommitRequest { delta: Arc::new(delta), base: Arc::clone(&current), verifier };
        let (committed, next) = engine.compare_and_set(id, &current, &request).await?;
        match committed {
            Committed::Applied => {},
            Committed::Conflict(fresh) => return Ok(Replaced::Conflict(Arc::new(*fresh))),
            Committed::Superseded => return Err(superseded()),
            Committed::Gone => return Err(gone()),
        }
        let (id, next) = (token.as_ref().map_or(id, Token::id), Arc::new(next));
        self.has_reset(reset);
        self.committed(LoadedSession { id, record: Arc::clone(&next) }, token)?;
        // An empty session is no session. It is logged out already: if it cannot be removed, it stays empty.
        if reset == Some(Reset::Logout)
            && next.payload.is_empty()
            && let Err(error) = self.end(id).await
        {
            tracing::warn!(session = ?id, %error, "a session that is logged out could not be removed");
        }
        Ok(Replaced::Applied(next))
    }

    /// A login or logout is stored: what other handles have changed is kept only where it survives that.
    fn has_reset(&self, reset: Option<Reset>) {
        let Some(reset) = reset else { return };
        let mut state = self.state();
        state.delta.retain_surviving(reset);
        state.resets = state.resets.wrapping_add(1);
        state.last_reset = Some(reset);
    }
}

impl Aside<'_> {
    /// What has changed since, and nothing else. What has gone wrong meanwhile is the update's own too.
    pub(crate) fn own(mut self) -> Result<Delta, Error> {
        let (own, failure) = self.put_back();
        failure.map_or(Ok(own), Err)
    }

    fn put_back(&mut self) -> (Delta, Option<Error>) {
        self.is_back = true;
        let mut state = self.request.state();
        // Its logins and logouts count for others once they are stored.
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
