//! [`RequestSession`]: one request's session, shared by its handles and its response.

mod exact;
mod pool;
mod report;

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::commit_queue::CommitRequest;
use super::delta::{Change, Delta};
use super::load::{LoadOutcome, LoadedSession};
use super::run_to_completion::RunToCompletion;
use super::{Engine, superseded};
use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::cookie::{Found, find};
use crate::data::payload::Payload;
use crate::data::record::{Identity, Record};
use crate::data::schema::sections::{Reset, survives};
use crate::data::token::{SessionId, Token};
use crate::port::{StoreError, Touched};

pub(crate) use self::exact::Replaced;
pub(crate) use self::pool::Pool;
use self::report::{missed, trace_commit, trace_loaded};

/// The end of each message about a change that is made after the response.
pub(crate) const TOO_LATE: &str = "came after the response and is lost: call `commit().await` before the response, or \
                                   `detach()` for work that outlives the request";

/// One request's session. The state's lock is never held across an await.
pub(crate) struct RequestSession {
    pub(crate) engine: Arc<Engine>,
    /// Held during store calls, so that two extractors load once and two commits keep their order.
    io_lock: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one request")]
struct State {
    phase: Phase,
    /// The request has asked for its session, also if the load has failed: then the response depends on the cookie.
    is_used: bool,
    loaded: Option<LoadedSession>,
    /// What the handles have changed and no commit has taken yet.
    delta: Delta,
    /// Counts destructions: a change made on a destroyed session is not merged into the session that follows it.
    generation: u32,
    /// Counts logins and logouts, and keeps the last one: a change made before it is kept only if its field survives.
    resets: u32,
    last_reset: Option<Reset>,
    /// The token was replaced while this request was on its way. The request counts as anonymous, but it must not
    /// create a session: the new cookie would overwrite the cookie that the rotation has just set.
    rotated_in_flight: bool,
    /// A destroyed session that must be removed from the store.
    to_destroy: Option<LoadedSession>,
    /// The cookie must be set again although nothing has changed.
    needs_reissue: bool,
    cookie: Option<CookieChange>,
    /// The first error that no caller could be given. It becomes the response.
    failure: Option<Error>,
    panicked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// The session is not loaded.
    #[default]
    Untouched,
    /// The session is loaded, or the request has none.
    Open,
    /// The response head has left, and the session was never loaded.
    Missed,
    /// The response head has left: later changes are lost.
    Finished,
}

/// What the response does to the client's cookie.
pub(crate) enum CookieChange {
    /// Sets this token.
    Issue(Token),
    /// Sets this value, which is the session itself.
    Sealed(String),
    Remove,
}

/// What a handle's fields are decoded from.
pub(crate) struct Snapshot {
    pub(crate) payload: Payload,
    generation: u32,
    resets: u32,
}

impl RequestSession {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// A loaded session without a request, for work that outlives one.
    pub(crate) fn detached(engine: Arc<Engine>, loaded: LoadedSession) -> Self {
        let state = State { phase: Phase::Open, loaded: Some(loaded), ..State::default() };
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// Marks the response as sent.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.phase = match state.phase {
            Phase::Untouched | Phase::Missed => Phase::Missed,
            Phase::Open | Phase::Finished => Phase::Finished,
        };
    }

    /// Resets the state, so that the allocation serves another request.
    pub(crate) fn recycle(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.is_used {
            *state = State::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lock_io(&self) -> tokio::sync::MutexGuard<'_, ()> {
        // Nearly always free, and then no waiter is made.
        match self.io_lock.try_lock() {
            Ok(free) => free,
            Err(_) => self.io_lock.lock().await,
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.state().is_used
    }

    fn is_untouched(&self) -> bool {
        self.state().phase == Phase::Untouched
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.state().phase == Phase::Finished
    }

    /// The state, to record `what` in it. `None` if the response has left, which is logged.
    fn state_in_time(&self, what: &str) -> Option<MutexGuard<'_, State>> {
        let state = self.state();
        if state.phase == Phase::Finished {
            tracing::error!("a {what} {TOO_LATE}");
            return None;
        }
        Some(state)
    }

    pub(crate) fn loaded(&self) -> Option<LoadedSession> {
        self.state().loaded.clone()
    }

    /// Loads the session that the request's `Cookie` headers name. Later calls do nothing.
    pub(crate) async fn open(&self, cookie_headers: impl Iterator<Item = &[u8]>) -> Result<(), Error> {
        {
            let mut state = self.state();
            match state.phase {
                Phase::Untouched => state.is_used = true,
                Phase::Open | Phase::Finished => return Ok(()),
                // An empty session would be a lie: this request may have a session.
                Phase::Missed => return Err(missed()),
            }
        }
        let cookie = self.engine.config.cookie.name();
        let credential = match find(cookie_headers, cookie.as_bytes()) {
            Found::Nothing => None,
            Found::Value(value) => {
                let credential = self.engine.credential(value);
                if credential.is_none() {
                    tracing::debug!(cookie, "the session cookie did not open: its value is none of ours");
                }
                credential
            },
            Found::Disagreement => {
                tracing::warn!(cookie, "two session cookies have different values: the visitor counts as anonymous");
                None
            },
        };
        let Some(credential) = credential else {
            self.state().phase = Phase::Open;
            return Ok(());
        };
        let _io = self.lock_io().await;
        if !self.is_untouched() {
            return Ok(());
        }
        let session = credential.id();
        let outcome = match self.engine.open(credential).await {
            Ok(outcome) => outcome,
            Err(StoreError::Corrupt(corrupt)) => {
                // The stored bytes are never overwritten: if this visitor writes, the new session gets a new id.
                tracing::error!(%session, %corrupt, "a stored session cannot be read: the visitor counts as anonymous");
                LoadOutcome::Nothing
            },
            Err(error) => return Err(error.into()),
        };
        self.note_opened(session, outcome);
        Ok(())
    }

    fn note_opened(&self, session: SessionId, outcome: LoadOutcome) {
        trace_loaded(session, &outcome);
        let mut state = self.state();
        match outcome {
            LoadOutcome::Loaded(loaded) => state.loaded = Some(loaded),
            LoadOutcome::NeedsReissue(loaded) => (state.loaded, state.needs_reissue) = (Some(loaded), true),
            LoadOutcome::RotatedInFlight => state.rotated_in_flight = true,
            LoadOutcome::Nothing => {},
        }
        state.phase = Phase::Open;
    }

    /// The session as this request sees it: as stored, with the changes of the handles that were dropped before.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Error> {
        let state = self.state();
        let stored = state.loaded.as_ref().map_or_else(Payload::default, |loaded| loaded.record.payload.clone());
        let payload = match state.delta.is_empty() {
            true => stored,
            false => state.delta.apply_to_payload(&stored, &self.engine.config.sections)?,
        };
        Ok(Snapshot { payload, generation: state.generation, resets: state.resets })
    }

    /// Merges the changes that a handle made on the snapshot `seen`. `false` if the response has left.
    pub(crate) fn merge(&self, mut changes: Vec<Change>, mut user: Option<Identity>, seen: &Snapshot) -> bool {
        let mut state = self.state();
        if state.phase == Phase::Finished {
            return false;
        }
        if state.generation != seen.generation {
            return true;
        }
        if state.resets != seen.resets {
            let reset = state.last_reset.unwrap_or(Reset::Logout);
            changes.retain(|change| survives(reset, change.field));
            user = None;
        }
        let State { loaded, delta, failure, .. } = &mut *state;
        let none = Payload::default();
        let stored = loaded.as_ref().map_or(&none, |loaded| &loaded.record.payload);
        if let Some(user) = user {
            let stored = loaded.as_ref().and_then(|loaded| loaded.record.user());
            if delta.user.is_some() || stored != user.0.as_ref() {
                delta.user = Some(user);
            }
        }
        if delta.changes.is_empty() && seen.payload.is(stored) {
            delta.changes = changes;
            return true;
        }
        for change in changes {
            if let Err(error) = delta.push(change, &seen.payload, stored, &self.engine.config.sections) {
                failure.get_or_insert(error);
            }
        }
        true
    }

    /// Records an error that no caller can be given. It becomes the response.
    pub(crate) fn fail(&self, error: Error) {
        self.state().failure.get_or_insert(error);
    }

    pub(crate) fn note_panic(&self) {
        self.state().panicked = true;
    }

    pub(crate) fn reset(&self, reset: Reset) {
        let Some(mut state) = self.state_in_time("login or logout") else { return };
        state.delta.reset(reset);
        state.resets = state.resets.wrapping_add(1);
        state.last_reset = Some(reset);
    }

    pub(crate) fn rotate(&self) {
        if let Some(mut state) = self.state_in_time("rotation") {
            state.delta.rotate = true;
        }
    }

    pub(crate) fn destroy(&self) {
        let Some(mut state) = self.state_in_time("destruction") else { return };
        state.delta = Delta::default();
        state.generation = state.generation.wrapping_add(1);
        if state.rotated_in_flight {
            state.failure.get_or_insert_with(superseded);
        }
        if let Some(loaded) = state.loaded.take() {
            state.to_destroy = Some(loaded);
        }
        state.cookie = None;
    }

    pub(crate) fn changes_privilege(&self) -> bool {
        self.state().delta.is_privilege_change()
    }

    /// Takes the changes so far, to commit them.
    pub(crate) fn take_delta(&self) -> Result<Delta, Error> {
        let mut state = self.state();
        // The failure stays: it is the answer to every later commit of this request too.
        match &state.failure {
            Some(error) => Err(error.repeated()),
            None => Ok(mem::take(&mut state.delta)),
        }
    }

    /// What the response does to the client's cookie.
    pub(crate) fn take_cookie_change(&self) -> Option<CookieChange> {
        self.state().cookie.take()
    }

    /// Records what a commit has stored, and the new token, if there is one.
    pub(crate) fn committed(&self, loaded: LoadedSession, token: Option<Token>) -> Result<(), Error> {
        let sealed = self.engine.cookie_value(&loaded)?;
        let mut state = self.state();
        state.loaded = Some(loaded);
        if let Some(change) = sealed.map(CookieChange::Sealed).or(token.map(CookieChange::Issue)) {
            state.cookie = Some(change);
        }
        Ok(())
    }

    /// Records that a touch has moved the idle deadline to `idle`. A session that lives in its cookie is sealed again.
    fn touched(&self, idle: Timestamp) -> Result<(), Error> {
        match self.loaded() {
            Some(mut loaded) if self.engine.lives_in_cookie() => {
                Arc::make_mut(&mut loaded.record).idle = idle;
                self.committed(loaded, None)
            },
            _ => Ok(()),
        }
    }

    /// Commits the changes so far.
    pub(crate) async fn flush(self: Arc<Self>) -> Result<(), Error> {
        let _io = self.lock_io().await;
        let to_destroy = self.state().to_destroy.clone();
        if let Some(destroyed) = to_destroy {
            self.engine.destroy(destroyed.id).await?;
            tracing::debug!(session = %destroyed.id, "session ended: destroyed");
            let mut state = self.state();
            state.to_destroy = None;
            state.cookie = Some(CookieChange::Remove);
        }
        let delta = self.take_delta()?;
        if delta.is_empty() {
            return Ok(());
        }
        let delta = Arc::new(delta);
        let committed = match self.loaded() {
            Some(loaded) => self.change(loaded, &delta).await,
            None => self.create(&delta).await,
        };
        if let Err(error) = &committed {
            let mut state = self.state();
            if error.kind() == ErrorKind::Unavailable {
                // Nothing was written. The caller may try again, and otherwise the end of the request does. Changes
                // that other handles have made since come after these.
                let later = mem::replace(&mut state.delta, Arc::unwrap_or_clone(delta));
                state.delta.append(later);
            } else {
                state.failure = Some(error.repeated());
            }
        }
        committed
    }

    async fn create(&self, delta: &Delta) -> Result<(), Error> {
        let logs_in = delta.user.as_ref().is_some_and(|identity| identity.0.is_some());
        if self.state().rotated_in_flight && !logs_in {
            return Err(superseded());
        }
        if delta.changes.iter().all(|change| change.ours.is_none()) {
            return Ok(());
        }
        let (created, token) = self.engine.create(delta).await?;
        tracing::debug!(session = %created.id, fields = ?delta.field_names(), "session created");
        self.committed(created, Some(token))
    }

    /// Whether `delta` logs the user out and no field survives: then the session is destroyed.
    fn is_end(&self, record: &Record, delta: &Delta) -> Result<bool, Error> {
        Ok(delta.reset == Some(Reset::Logout)
            && delta.apply_to_payload(&record.payload, &self.engine.config.sections)?.is_empty())
    }

    /// Destroys the session now. The response removes the cookie.
    async fn end(&self, id: SessionId) -> Result<(), Error> {
        self.engine.destroy(id).await?;
        tracing::debug!(session = %id, "session ended: no field survived the logout");
        let mut state = self.state();
        state.loaded = None;
        state.cookie = Some(CookieChange::Remove);
        Ok(())
    }

    async fn change(&self, loaded: LoadedSession, delta: &Arc<Delta>) -> Result<(), Error> {
        if self.is_end(&loaded.record, delta)? {
            return self.end(loaded.id).await;
        }
        let token = delta.is_privilege_change().then(|| self.engine.rotate_token(loaded.id)).transpose()?;
        let verifier = token.as_ref().map(Token::verifier_hash);
        let request = CommitRequest { delta: Arc::clone(delta), base: loaded.record, verifier };
        let record = self.engine.commit(loaded.id, request).await?;
        trace_commit(loaded.id, &record, delta, token.is_some());
        let id = token.as_ref().map_or(loaded.id, Token::id);
        self.committed(LoadedSession { id, record }, token)
    }

    /// Marks the request as finished. Returns the commit or the touch that must be done before the response head is
    /// sent. `failed` says that the response has a 5xx status.
    pub(crate) fn finish(self: &Arc<Self>, failed: bool) -> Option<RunToCompletion<Result<(), Error>>> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return None;
        }
        state.phase = Phase::Finished;
        // Only together with a failed response: a panic of another task that held a handle does not undo what this
        // handler did.
        if state.panicked && failed {
            return None;
        }
        if failed && !self.engine.config.commit_on_server_error {
            state.delta.keep_privilege_changes();
        }
        // A handler may have stopped waiting for a commit that is under way. The response needs the commit's cookie.
        let writing = Arc::strong_count(self) > 1 && self.io_lock.try_lock().is_err();
        let busy = writing || !state.delta.is_empty() || state.to_destroy.is_some() || state.failure.is_some();
        if busy {
            drop(state);
            return Some(RunToCompletion::new(Box::pin(Arc::clone(self).flush())));
        }
        let loaded = state.loaded.as_ref()?;
        let reissued = state.needs_reissue.then_some(loaded.record.idle);
        let (id, idle) = (loaded.id, self.engine.due_touch(&loaded.record).or(reissued)?);
        drop(state);
        Some(RunToCompletion::new(Box::pin(Arc::clone(self).touch(id, idle))))
    }

    /// Moves the idle deadline. A failure is only logged: its one effect is that the session expires earlier.
    async fn touch(self: Arc<Self>, id: SessionId, idle: Timestamp) -> Result<(), Error> {
        let touched = match self.engine.touch(id, idle).await {
            Ok(Touched::Touched) => self.touched(idle),
            Ok(Touched::Gone) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = touched {
            tracing::warn!(session = %id, %error, "the idle deadline of a session could not be moved");
        }
        Ok(())
    }
}

impl fmt::Debug for RequestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSession").field("phase", &self.state().phase).finish_non_exhaustive()
    }
}
