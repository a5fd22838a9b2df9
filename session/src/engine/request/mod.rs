//! [`RequestSession`]: one request's session, shared by its handles and its response.

mod exact;
mod pool;
mod report;
mod unit;
mod write;

use std::error::Error as _;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Engine;
use super::delta::Delta;
use super::load::{LoadOutcome, LoadedSession};
use super::run_to_completion::RunToCompletion;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::base::report::report;
use crate::cookie::{Found, find};
use crate::data::record::Identity;
use crate::data::schema::sections::Reset;
use crate::data::token::{SessionId, Token};
use crate::port::{StoreError, Touched};

pub(crate) use self::exact::Replaced;
pub(crate) use self::pool::Pool;
use self::report::{missed, touch_failed, trace_loaded};
pub(crate) use self::unit::{HandleChanges, Snapshot};
use self::unit::{Rotated, Unit};

/// The end of each message about a change that is made after the response.
pub(crate) const TOO_LATE: &str = "came after the response and is lost: call `commit().await` before the response, or \
                                   `detach()` for work that outlives the request";

/// One request's session. The state's lock is never held across an await.
pub(crate) struct RequestSession {
    pub(crate) engine: Arc<Engine>,
    /// Held during store calls, so that two extractors load once and two commits keep their order.
    io_lock: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// How many handles have changes that are not applied. Counted in debug builds only, for a warning.
    unsaved: AtomicU32,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one request")]
struct State {
    phase: Phase,
    /// The request has asked for its session, also if the load has failed: then the response depends on the cookie.
    is_used: bool,
    /// The task of the request. A panic of another task that holds a handle does not undo what the handler did.
    task: Option<tokio::task::Id>,
    panicked: bool,
    /// The response is a 5xx, and the changes of the handler are dropped.
    failed: bool,
    unit: Unit,
    /// The cookie must be set again although nothing has changed.
    needs_reissue: bool,
    /// The idle deadline that is set while the handler runs, and the task that sets it.
    touching: Option<(Timestamp, tokio::task::JoinHandle<bool>)>,
    cookie: Option<CookieChange>,
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

impl CookieChange {
    fn is_removal(&self) -> bool {
        matches!(self, Self::Remove)
    }
}

impl RequestSession {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::default(), unsaved: AtomicU32::new(0) }
    }

    /// A session without a request: for work that outlives one, and for the private unit of an exact update.
    pub(crate) fn detached(engine: Arc<Engine>, loaded: Option<LoadedSession>) -> Self {
        let state = State { phase: Phase::Open, unit: Unit::new(loaded), ..State::default() };
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::new(state), unsaved: AtomicU32::new(0) }
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
            *self.unsaved.get_mut() = 0;
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
            report("a change was not stored", &Error::new(ErrorKind::Misconfigured, format!("a {what} {TOO_LATE}")));
            return None;
        }
        Some(state)
    }

    /// Whether the store has answered: the session is known, or it is known that there is none.
    pub(crate) fn is_loaded(&self) -> bool {
        self.state().phase == Phase::Open
    }

    pub(crate) fn loaded(&self) -> Option<LoadedSession> {
        self.state().unit.loaded.clone()
    }

    /// Loads the session that the request's `Cookie` headers name. Later calls do nothing.
    pub(crate) async fn open(&self, cookie_headers: impl Iterator<Item = &[u8]>) -> Result<(), Error> {
        {
            let mut state = self.state();
            match state.phase {
                Phase::Untouched => (state.is_used, state.task) = (true, tokio::task::try_id()),
                Phase::Open | Phase::Finished => return Ok(()),
                // An empty session would be wrong: this request may have a session.
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
                if let Some(left_out) = self.engine.warnings.two_cookies.admit() {
                    let what = "two session cookies have different values: the visitor counts as anonymous";
                    tracing::warn!(cookie, left_out, "{what}");
                }
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
        let (session, now) = (credential.id(), self.engine.now());
        let outcome = match self.engine.open(credential, now).await {
            Ok(outcome) => outcome,
            Err(StoreError::Corrupt(corrupt)) => {
                // The stored bytes are never overwritten: if this visitor writes, the new session gets a new id.
                if let Some(left_out) = self.engine.warnings.corrupt.admit() {
                    let what = "a stored session cannot be read: the visitor counts as anonymous";
                    tracing::error!(%session, %corrupt, left_out, "{what}");
                }
                LoadOutcome::Nothing
            },
            Err(error) => return Err(error.into()),
        };
        self.note_opened(session, outcome, now)
    }

    /// Moves the idle deadline while the handler runs, if the session may expire before its end.
    fn touch_early(&self, state: &mut State, now: Timestamp) {
        let Some(loaded) = &state.unit.loaded else { return };
        let Some(idle) = self.engine.urgent_touch(&loaded.record, now) else { return };
        // Without a runtime, the end of the request touches the session.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (engine, id) = (Arc::clone(&self.engine), loaded.id);
        // A failure shows when the response waits for it.
        let touch = runtime.spawn(async move { engine.touch(id, idle).await.is_ok() });
        state.touching = Some((idle, touch));
    }

    fn note_opened(&self, session: SessionId, outcome: LoadOutcome, now: Timestamp) -> Result<(), Error> {
        trace_loaded(session, &outcome);
        let mut state = self.state();
        if state.phase != Phase::Untouched {
            // The response has left meanwhile.
            return Err(missed());
        }
        match outcome {
            LoadOutcome::Loaded(loaded) => state.unit.loaded = Some(loaded),
            LoadOutcome::NeedsReissue(loaded) => (state.unit.loaded, state.needs_reissue) = (Some(loaded), true),
            LoadOutcome::RotatedInFlight { is_proven } => {
                state.unit.rotated_in_flight = Some(Rotated { id: session, is_proven });
            },
            LoadOutcome::Nothing => {},
        }
        state.phase = Phase::Open;
        self.touch_early(&mut state, now);
        Ok(())
    }

    /// The session as this request sees it: as stored, with the applied changes of its handles.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Error> {
        self.state().unit.snapshot(&self.engine.config.sections)
    }

    /// Merges the changes that a handle made on the snapshot `seen`. `false` if the response has left.
    pub(crate) fn merge(&self, applied: HandleChanges, seen: &Snapshot) -> bool {
        let mut state = self.state();
        if state.phase == Phase::Finished {
            return false;
        }
        state.unit.merge(applied, seen, &self.engine.config.sections, &self.engine.warnings.dropped_changes);
        true
    }

    /// Counts a handle that has changes that are not applied, or no longer has them.
    pub(crate) fn note_unsaved(&self, has_changes: bool) {
        if cfg!(debug_assertions) {
            match has_changes {
                true => self.unsaved.fetch_add(1, Ordering::Relaxed),
                false => self.unsaved.fetch_sub(1, Ordering::Relaxed),
            };
        }
    }

    /// Whether a handle has changes that are not applied. Always `false` in release builds.
    pub(crate) fn has_unsaved(&self) -> bool {
        cfg!(debug_assertions) && self.unsaved.load(Ordering::Relaxed) > 0
    }

    /// Records an error that no caller can be given. It becomes the response.
    pub(crate) fn fail(&self, error: Error) {
        self.state().unit.fail(error);
    }

    /// Records a panic of a task that held a handle.
    pub(crate) fn note_panic(&self) {
        let mut state = self.state();
        if state.task == tokio::task::try_id() {
            state.panicked = true;
        }
    }

    pub(crate) fn reset(&self, reset: Reset) {
        if let Some(mut state) = self.state_in_time("login or logout") {
            state.unit.reset(reset);
        }
    }

    pub(crate) fn rotate(&self) {
        if let Some(mut state) = self.state_in_time("rotation") {
            state.unit.rotate();
        }
    }

    /// Adds a login of the user who is logged in already.
    pub(crate) fn login_again(&self, user: Identity) {
        if let Some(mut state) = self.state_in_time("login or logout") {
            state.unit.login_again(user);
        }
    }

    pub(crate) fn destroy(&self) {
        if let Some(mut state) = self.state_in_time("destruction") {
            // The cookie of a session that has ended already must still be removed.
            state.cookie = state.cookie.take().filter(CookieChange::is_removal);
            if !state.unit.destroy() {
                state.cookie = Some(CookieChange::Remove);
            }
        }
    }

    /// Starts anew without a stored session that this release cannot read.
    ///
    /// # Errors
    ///
    /// `refusal`, if the session was not loaded: it may be readable.
    pub(crate) fn start_over(&self, refusal: Error) -> Result<(), Error> {
        let mut state = self.state();
        if state.phase != Phase::Open || state.unit.loaded.is_none() {
            return Err(refusal);
        }
        state.unit.start_over(refusal);
        Ok(())
    }

    /// Whether the request has a session, stored or to be stored.
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "only the extractors ask"))]
    pub(crate) fn has_session(&self) -> bool {
        let state = self.state();
        state.unit.loaded.is_some() || !state.unit.is_clean()
    }

    pub(crate) fn changes_privilege(&self) -> bool {
        self.state().unit.changes_privilege()
    }

    /// Ends a private unit: what its handles have changed, or the first failure. Later changes are refused.
    pub(crate) fn finish_alone(&self) -> Result<Delta, Error> {
        let mut state = self.state();
        state.phase = Phase::Finished;
        state.unit.take_alone()
    }

    /// What the response does to the client's cookie.
    pub(crate) fn take_cookie_change(&self) -> Option<CookieChange> {
        self.state().cookie.take()
    }

    /// Marks the request as finished. Returns the commit or the touch that must be done before the response head is
    /// sent. `failed` says that the response has a 5xx status.
    pub(crate) fn finish(self: &Arc<Self>, failed: bool) -> Option<RunToCompletion<Result<(), Error>>> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return None;
        }
        state.phase = Phase::Finished;
        if state.panicked
            && let Some(left_out) = self.engine.warnings.panicked.admit()
        {
            let what = "the handler of a request has panicked: nothing that it asked for is committed";
            tracing::warn!(left_out, "{what}");
        }
        state.failed = failed && !self.engine.config.commit_on_server_error;
        self.drop_unwanted(&mut state);
        // A handler may have stopped waiting for a commit that is under way. The response needs the commit's cookie.
        let writing = Arc::strong_count(self) > 1 && self.io_lock.try_lock().is_err();
        if writing || !state.unit.is_clean() {
            drop(state);
            return Some(RunToCompletion::new(Box::pin(Arc::clone(self).flush(true))));
        }
        let touching = state.touching.take();
        let loaded = state.unit.loaded.as_ref()?;
        let reissued = state.needs_reissue.then_some(loaded.record.idle);
        let touched = touching.as_ref().map(|(idle, _)| *idle);
        let Some(idle) = self.engine.due_touch(&loaded.record, touched).or(reissued) else {
            // The response waits for the deadline, as it does for one that is set at the end.
            let (idle, touch) = touching?;
            let (id, request) = (loaded.id, Arc::clone(self));
            return Some(RunToCompletion::new(Box::pin(async move {
                match touch.await {
                    Ok(true) => Ok(()),
                    _ => request.touch(id, idle).await,
                }
            })));
        };
        let id = loaded.id;
        if self.engine.is_misfiled(&loaded.record) {
            state.unit.refile();
            drop(state);
            return Some(RunToCompletion::new(Box::pin(Arc::clone(self).refile(id))));
        }
        drop(state);
        Some(RunToCompletion::new(Box::pin(Arc::clone(self).touch(id, idle))))
    }

    /// Files the session under its user anew. A failure is only logged: the next request tries again.
    async fn refile(self: Arc<Self>, id: SessionId) -> Result<(), Error> {
        let engine = Arc::clone(&self.engine);
        if let Err(error) = self.flush(true).await
            && let Some(left_out) = engine.warnings.unfiled.admit()
        {
            let cause = error.source();
            tracing::warn!(session = %id, %error, ?cause, left_out, "a session could not be filed under its user");
        }
        Ok(())
    }

    /// Drops what the handler must not store, because it has panicked or its response is a 5xx.
    fn drop_unwanted(&self, state: &mut State) {
        if state.panicked {
            state.unit.drop_all();
        } else if state.failed || state.unit.failure.is_some() {
            let user = state.unit.loaded.as_ref().and_then(|loaded| self.engine.user_of(&loaded.record));
            // A login that has failed does not log the user out who was logged in before.
            let logs_out_before_login = state.failed && user.is_some();
            state.unit.drop_failed(logs_out_before_login);
        }
    }

    /// Moves the idle deadline. A failure is only logged: its one effect is that the session expires earlier.
    async fn touch(self: Arc<Self>, id: SessionId, idle: Timestamp) -> Result<(), Error> {
        let touched = match self.engine.touch(id, idle).await {
            Ok(Touched::Touched) => self.touched(idle),
            Ok(Touched::Gone) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = touched {
            touch_failed(id, &error, &self.engine.warnings.touch);
        }
        Ok(())
    }
}

impl fmt::Debug for RequestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSession").field("phase", &self.state().phase).finish_non_exhaustive()
    }
}
