//! The commit of a request's changes, and what becomes of a login or logout that another request has overtaken.

use std::sync::Arc;

use super::report::{logout_without_room, trace_commit};
use super::unit::{Ending, WithoutSession, Written};
use super::{CookieChange, RequestSession};
use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::data::payload::Payload;
use crate::data::record::{Record, UserKey};
use crate::data::token::{SessionId, Token};
use crate::engine::commit_queue::CommitRequest;
use crate::engine::delta::Delta;
use crate::engine::load::LoadedSession;
use crate::engine::superseded;
use crate::port::LOGGED_OUT;

/// How often a logout is tried again on a session that other requests rotate.
const LOGOUT_ATTEMPTS: usize = 4;

/// What is written, and what the response does to the client's cookie because of it.
type Outcome = Result<(Written, Option<CookieChange>), Error>;

impl RequestSession {
    /// Commits the changes so far. After a failure that no caller was given, only a logout or rotation is carried out,
    /// and the failure is the outcome. `is_last` says that the response waits for this commit.
    pub(crate) async fn flush(self: Arc<Self>, is_last: bool) -> Result<(), Error> {
        let _io = self.lock_io().await;
        self.destroy_now().await?;
        let delta = {
            let mut state = self.state();
            // A commit that was under way may have failed and put changes back.
            self.drop_unwanted(&mut state);
            state.unit.take()
        };
        if let Some(delta) = delta {
            self.commit_taken(delta, is_last).await?;
        }
        // The failure stays: it is the answer to every later commit of this request too.
        self.state().unit.failure.as_ref().map_or(Ok(()), |failure| Err(failure.repeated()))
    }

    async fn commit_taken(&self, delta: Arc<Delta>, is_last: bool) -> Result<(), Error> {
        let outcome = self.write(&delta).await;
        // Otherwise a failed commit could not take the changes back without a copy.
        drop(delta);
        let mut state = self.state();
        match outcome {
            Ok((written, cookie)) => {
                // After a destruction meanwhile, only the removal of the cookie counts.
                let is_current = state.unit.conclude(Ok(written), is_last);
                state.cookie = cookie.filter(|cookie| is_current || cookie.is_removal()).or(state.cookie.take());
                Ok(())
            },
            Err(error) => {
                state.unit.conclude(Err(&error), is_last);
                Err(error)
            },
        }
    }

    async fn destroy_now(&self) -> Result<(), Error> {
        // One at a time: a failed one stays, and is tried again.
        loop {
            let Some(Ending { id, record }) = self.state().unit.to_destroy.first().cloned() else { return Ok(()) };
            self.engine.destroy(id, record.as_deref()).await?;
            tracing::debug!(session = %id, "session ended: destroyed");
            let mut state = self.state();
            state.unit.to_destroy.retain(|other| other.id != id);
            state.cookie = Some(CookieChange::Remove);
        }
    }

    async fn write(&self, delta: &Arc<Delta>) -> Outcome {
        let Some(loaded) = self.loaded() else { return self.create(delta).await };
        // Not one `match`: it would keep room for the outcome while it waits for the second call.
        let failure = match self.change(loaded, delta).await {
            Err(failure) if delta.logs_in() || delta.logs_out() => failure,
            outcome => return outcome,
        };
        Box::pin(self.carry_out(delta, failure)).await
    }

    /// Carries out a login or logout whose commit has failed, if that is possible.
    async fn carry_out(&self, delta: &Arc<Delta>, failure: Error) -> Outcome {
        let Some(loaded) = self.loaded() else { return Err(failure) };
        let is_overtaken = matches!(failure.kind(), ErrorKind::Superseded | ErrorKind::Gone);
        if is_overtaken && delta.logs_in() {
            self.login_apart(&loaded, delta, failure.kind()).await
        } else if is_overtaken {
            let user = self.engine.user_of(&loaded.record);
            self.logout_again(loaded.id, delta, user).await
        } else if delta.logs_out() && is_about_data(&failure) {
            self.logout_without_data(loaded, delta, failure).await
        } else {
            Err(failure)
        }
    }

    pub(super) async fn create(&self, delta: &Delta) -> Outcome {
        let without = self.state().unit.without_session(delta)?;
        match without {
            WithoutSession::RemovesCookie => Ok((Written::Ended, Some(CookieChange::Remove))),
            WithoutSession::Ends(id) => Box::pin(self.logout_rotated(id)).await,
            WithoutSession::Creates if delta.changes.iter().all(|change| change.ours.is_none()) => {
                Ok((Written::Nothing, None))
            },
            WithoutSession::Creates => self.create_from(&Payload::default(), delta).await,
        }
    }

    /// Stores a new session: `base` with the changes of `delta`.
    async fn create_from(&self, base: &Payload, delta: &Delta) -> Outcome {
        let (created, token) = self.engine.create(base, delta).await?;
        tracing::debug!(session = %created.id, fields = ?delta.field_names(), "session created");
        self.stored(created, Some(token))
    }

    /// A logout whose changes of surviving fields cannot be stored. The user is logged out all the same, and the
    /// request fails.
    async fn logout_without_data(&self, loaded: LoadedSession, delta: &Delta, failure: Error) -> Outcome {
        let mut logout = delta.clone();
        logout.changes.retain(|change| change.field.info.privilege);
        self.state().unit.fail(failure);
        self.change(loaded, &Arc::new(logout)).await
    }

    /// A login whose session another request has ended, or has given a new token: a new session. Otherwise the client
    /// would be anonymous with a correct password, if the other request was a login too.
    async fn login_apart(&self, lost: &LoadedSession, delta: &Delta, kind: ErrorKind) -> Outcome {
        tracing::debug!(session = %lost.id, "another request was first: the login gets a session of its own");
        // What survives the login belongs to this client, unless the session was destroyed.
        let base = if kind == ErrorKind::Gone { &Payload::default() } else { &lost.record.payload };
        self.create_from(base, delta).await
    }

    /// A logout by a request whose token was replaced before it was loaded. The session ends if a user is still logged
    /// in: a new token for it would be more than the old one may open.
    async fn logout_rotated(&self, id: SessionId) -> Outcome {
        match self.engine.stored(id).await? {
            Some(record) if self.engine.user_of(&record).is_some() => {
                self.end(id, &record).await?;
                Ok((Written::Ended, Some(CookieChange::Remove)))
            },
            // The response of the other request has the new cookie.
            _ => Ok((Written::Ended, None)),
        }
    }

    /// A logout whose session another request has ended, or has given a new token, since it was loaded. `user` is the
    /// one who was logged in then, and who must be logged out.
    async fn logout_again(&self, id: SessionId, delta: &Arc<Delta>, user: Option<UserKey>) -> Outcome {
        if self.engine.lives_in_cookie() {
            // The note about the session says whether the other request was a logout.
            return match self.engine.stored(id).await? {
                Some(note) if note.rotated.as_millis() == 0 => Ok((Written::Ended, Some(CookieChange::Remove))),
                Some(note) if note.epoch() == LOGGED_OUT => Ok((Written::Ended, None)),
                _ => Err(superseded()),
            };
        }
        for _ in 0..LOGOUT_ATTEMPTS {
            let Some(record) = self.engine.stored(id).await? else {
                return Ok((Written::Ended, Some(CookieChange::Remove)));
            };
            if self.engine.user_of(&record) != user {
                // The other request was a logout, perhaps with a login after it. Its response has the new cookie.
                return Ok((Written::Ended, None));
            }
            match self.change(LoadedSession { id, record }, delta).await {
                Err(error) if matches!(error.kind(), ErrorKind::Superseded | ErrorKind::Gone) => {},
                outcome => return outcome,
            }
        }
        Err(superseded())
    }

    async fn change(&self, loaded: LoadedSession, delta: &Arc<Delta>) -> Outcome {
        if self.is_end(&loaded.record, delta)? {
            self.end(loaded.id, &loaded.record).await?;
            return Ok((Written::Ended, Some(CookieChange::Remove)));
        }
        let token = delta.is_privilege_change().then(|| self.engine.rotate_token(loaded.id)).transpose()?;
        let verifier = token.as_ref().map(|token| self.engine.backend().verifier_hash(token));
        let (base, is_use) = (Arc::clone(&loaded.record), self.is_used());
        let request = CommitRequest { delta: Arc::clone(delta), base, verifier, is_use };
        let record = match self.engine.commit(loaded.id, request).await {
            Err(error) if error.is_out_of_room() && delta.logs_out() => {
                self.end_without_room(loaded.id, &loaded.record, &error).await?;
                return Ok((Written::Ended, Some(CookieChange::Remove)));
            },
            committed => committed?,
        };
        if let Some(before) = loaded.record.user()
            && delta.user.is_some()
            && record.user() != Some(before)
        {
            Box::pin(self.engine.forget(loaded.id, before)).await;
        }
        trace_commit(loaded.id, &record, delta, token.is_some());
        let id = token.as_ref().map_or(loaded.id, Token::id);
        self.stored(LoadedSession { id, record }, token)
    }

    /// Whether `delta` logs the user out and no field survives: then the session is destroyed.
    fn is_end(&self, record: &Record, delta: &Delta) -> Result<bool, Error> {
        Ok(delta.logs_out() && delta.apply_to_payload(&record.payload, &self.engine.config.sections)?.is_empty())
    }

    /// Destroys a session that is empty after a logout.
    pub(super) async fn end(&self, id: SessionId, record: &Record) -> Result<(), Error> {
        self.engine.destroy(id, Some(record)).await?;
        tracing::debug!(session = %id, "session ended: no field survived the logout");
        Ok(())
    }

    /// Destroys a session for whose logout the store has no room: a user who logs out must not stay logged in. What
    /// would survive is lost.
    pub(super) async fn end_without_room(&self, id: SessionId, record: &Record, error: &Error) -> Result<(), Error> {
        self.engine.destroy(id, Some(record)).await?;
        if let Some(left_out) = self.engine.warnings.no_room.admit() {
            logout_without_room(id, error, left_out);
        }
        Ok(())
    }

    /// `stored` with the cookie for it: a new token, or the session itself.
    pub(super) fn stored(&self, stored: LoadedSession, token: Option<Token>) -> Outcome {
        let sealed = self.engine.cookie_value(&stored)?.map(CookieChange::Sealed);
        Ok((Written::Stored(stored), sealed.or(token.map(CookieChange::Issue))))
    }

    /// Records that a touch has moved the idle deadline to `idle`. A session that lives in its cookie is sealed again.
    pub(super) fn touched(&self, idle: Timestamp) -> Result<(), Error> {
        if !self.engine.lives_in_cookie() {
            return Ok(());
        }
        let Some(mut loaded) = self.loaded() else { return Ok(()) };
        Arc::make_mut(&mut loaded.record).idle = idle;
        let (_, cookie) = self.stored(loaded, None)?;
        self.state().cookie = cookie;
        Ok(())
    }
}

/// Whether a commit failed because of what was to be stored.
fn is_about_data(error: &Error) -> bool {
    use ErrorKind::{Conflict, Invalid, Panicked, TooLarge, Undecodable, Unencodable};
    matches!(error.kind(), Conflict | Invalid | Panicked | TooLarge | Undecodable | Unencodable)
}
