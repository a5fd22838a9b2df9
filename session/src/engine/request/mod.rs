//! [`RequestSession`]: what one request knows about its session, shared by its extractors and its response.

mod exact;

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CACHE_CONTROL, Entry, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::cookie::{Found, find};
use crate::data::payload::Payload;
use crate::data::record::{Identity, Record};
use crate::data::schema::sections::{Reset, survives};
use crate::data::token::{SessionId, Token};
use crate::engine::commit::{Engine, LoadOutcome, LoadedSession, superseded};
use crate::engine::commit_queue::CommitRequest;
use crate::engine::config::Config;
use crate::engine::delta::{Change, Delta};
use crate::engine::run_to_completion::RunToCompletion;
use crate::port::{StoreError, Touched};

pub(crate) use self::exact::Replaced;

/// What becomes of whatever is asked for too late.
pub(crate) const TOO_LATE: &str =
    "came after the response and is lost: call `commit().await` before it, or `detach()` for work that outlives it";

/// One request's session. No lock is held while anything is awaited.
pub(crate) struct RequestSession {
    pub(crate) engine: Arc<Engine>,
    /// Held while the store is asked, so that two extractors ask once and two commits do not overtake each other.
    io_lock: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    live: Option<LoadedSession>,
    delta: Delta,
    /// Counts destructions: what was made from a destroyed session is not merged into the next.
    generation: u32,
    /// Counts logins and logouts, and remembers the last: what was made before it is kept only where it survives.
    resets: u32,
    last_reset: Option<Reset>,
    /// The id was rotated while this request was on its way. It counts as anonymous, but it must not make a session of its own:
    /// its cookie would overwrite the one that the rotation has just set.
    rotated_in_flight: bool,
    /// A session to remove from the store.
    to_destroy: Option<LoadedSession>,
    /// The cookie must be written anew, though nothing has changed.
    needs_reissue: bool,
    cookie: Option<CookieChange>,
    /// The first thing that went wrong where nobody could be told.
    failure: Option<Error>,
    panicked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nobody has asked for the session.
    #[default]
    Untouched,
    /// The store has been asked, if there was anything to ask it.
    Open,
    /// The response head is on its way: what changes now is lost.
    Finished,
}

enum CookieChange {
    Issue(Token),
    /// The session itself.
    Sealed(String),
    Remove,
}

/// What a working copy is made from.
pub(crate) struct Snapshot {
    pub(crate) payload: Payload,
    pub(crate) generation: u32,
    pub(crate) resets: u32,
}

impl RequestSession {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// A request of nobody, for work on a session outside of one.
    pub(crate) fn detached(engine: Arc<Engine>, live: LoadedSession) -> Self {
        let state = State { phase: Phase::Open, live: Some(live), ..State::default() };
        Self { engine, io_lock: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// Says that the response has left without it.
    pub(crate) fn close(&self) {
        self.state().phase = Phase::Finished;
    }

    /// Makes a used slot new.
    pub(crate) fn recycle(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.phase != Phase::Untouched {
            *state = State::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn to talk to the store: nearly always free.
    async fn lock_io(&self) -> tokio::sync::MutexGuard<'_, ()> {
        match self.io_lock.try_lock() {
            Ok(free) => free,
            Err(_) => self.io_lock.lock().await,
        }
    }

    pub(crate) fn is_untouched(&self) -> bool {
        self.state().phase == Phase::Untouched
    }

    /// Whether the response has left: what is asked for now is lost.
    pub(crate) fn is_finished(&self) -> bool {
        self.state().phase == Phase::Finished
    }

    /// The state, to note `what` in it. `None` if it is too late for that, and then somebody must hear of it.
    fn in_time(&self, what: &str) -> Option<MutexGuard<'_, State>> {
        let state = self.state();
        if state.phase == Phase::Finished {
            tracing::error!("a {what} {TOO_LATE}");
            return None;
        }
        Some(state)
    }

    pub(crate) fn live(&self) -> Option<LoadedSession> {
        self.state().live.clone()
    }

    /// Asks the store for the session that `headers` name, the first time.
    pub(crate) async fn open(&self, headers: &HeaderMap) -> Result<(), Error> {
        if !self.is_untouched() {
            return Ok(());
        }
        let cookie = &self.engine.config.cookie;
        let credential = match find(headers, cookie.name().as_bytes()) {
            Found::Nothing => None,
            Found::Value(value) => self.engine.credential(value),
            Found::Disagreement => {
                tracing::warn!(
                    cookie = cookie.name(),
                    "two session cookies that disagree: the visitor counts as anonymous"
                );
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
        let id = credential.id();
        let opened = match self.engine.open(credential).await {
            Ok(opened) => opened,
            Err(StoreError::Corrupt(corrupt)) => {
                // The bytes stay where they are; whatever this visitor writes gets an id of its own.
                tracing::error!(session = ?id, %corrupt, "a stored session cannot be read: left as it is, the visitor counts as anonymous");
                LoadOutcome::Nothing
            },
            Err(error) => return Err(error.into()),
        };
        let mut state = self.state();
        match opened {
            LoadOutcome::Loaded(live) => state.live = Some(live),
            LoadOutcome::NeedsReissue(live) => (state.live, state.needs_reissue) = (Some(live), true),
            LoadOutcome::RotatedInFlight => state.rotated_in_flight = true,
            LoadOutcome::Nothing => {},
        }
        state.phase = Phase::Open;
        Ok(())
    }

    /// The session as this request sees it now: as stored, with what its earlier extractors changed.
    pub(crate) fn view(&self) -> Result<Snapshot, Error> {
        let state = self.state();
        let stored = state.live.as_ref().map_or_else(Payload::default, |live| live.record.payload.clone());
        let payload = match state.delta.is_empty() {
            true => stored,
            false => state.delta.apply_to_payload(&stored, &self.engine.config.sections)?,
        };
        Ok(Snapshot { payload, generation: state.generation, resets: state.resets })
    }

    /// Takes what a working copy changed. Says whether it can still be saved.
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
        let State { live, delta, failure, .. } = &mut *state;
        let none = Payload::default();
        let stored = live.as_ref().map_or(&none, |live| &live.record.payload);
        if let Some(user) = user {
            let stored = live.as_ref().and_then(|live| live.record.user());
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

    pub(crate) fn fail(&self, error: Error) {
        self.state().failure.get_or_insert(error);
    }

    pub(crate) fn note_panic(&self) {
        self.state().panicked = true;
    }

    pub(crate) fn reset(&self, reset: Reset) {
        let Some(mut state) = self.in_time("login or logout") else { return };
        state.delta.reset(reset);
        state.resets = state.resets.wrapping_add(1);
        state.last_reset = Some(reset);
    }

    pub(crate) fn rotate(&self) {
        if let Some(mut state) = self.in_time("rotation") {
            state.delta.rotate = true;
        }
    }

    pub(crate) fn destroy(&self) {
        let Some(mut state) = self.in_time("destruction") else { return };
        state.delta = Delta::default();
        state.generation = state.generation.wrapping_add(1);
        if state.rotated_in_flight {
            state.failure.get_or_insert_with(superseded);
        }
        if let Some(live) = state.live.take() {
            state.to_destroy = Some(live);
        }
        state.cookie = None;
    }

    pub(crate) fn changes_privilege(&self) -> bool {
        self.state().delta.is_privilege_change()
    }

    /// Takes the changes so far, to commit them in another way.
    pub(crate) fn take_delta(&self) -> Result<Delta, Error> {
        let mut state = self.state();
        // It stays: whatever is asked of this request again, it has failed.
        match &state.failure {
            Some(error) => Err(error.repeated()),
            None => Ok(mem::take(&mut state.delta)),
        }
    }

    /// Notes what is stored after a commit, and the token that opens it if that is new.
    pub(crate) fn committed(&self, live: LoadedSession, token: Option<Token>) -> Result<(), Error> {
        let sealed = self.engine.seal(&live)?;
        let mut state = self.state();
        state.live = Some(live);
        if let Some(change) = sealed.map(CookieChange::Sealed).or(token.map(CookieChange::Issue)) {
            state.cookie = Some(change);
        }
        Ok(())
    }

    /// Notes that the session lives on until `idle`: for one in its cookie, that is where it must stand.
    fn touched(&self, idle: Timestamp) -> Result<(), Error> {
        match self.live() {
            Some(mut live) if self.engine.is_sealed() => {
                Arc::make_mut(&mut live.record).idle = idle;
                self.committed(live, None)
            },
            _ => Ok(()),
        }
    }

    /// Commits what has changed so far, now.
    pub(crate) async fn flush(self: Arc<Self>) -> Result<(), Error> {
        let _io = self.lock_io().await;
        let to_destroy = self.state().to_destroy.clone();
        if let Some(live) = to_destroy {
            self.engine.destroy(live.id).await?;
            let mut state = self.state();
            state.to_destroy = None;
            state.cookie = Some(CookieChange::Remove);
        }
        let delta = self.take_delta()?;
        if delta.is_empty() {
            return Ok(());
        }
        let delta = Arc::new(delta);
        let committed = match self.live() {
            Some(live) => self.change(live, &delta).await,
            None => self.create(&delta).await,
        };
        if let Err(error) = &committed {
            let mut state = self.state();
            if error.kind() == ErrorKind::Unavailable {
                // Nothing was written: whoever asked may try again, and if nobody does, the end of the request will. What other
                // handles have changed meanwhile comes after.
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
        let (live, token) = self.engine.create(delta).await?;
        self.committed(live, Some(token))
    }

    /// Whether `delta` logs out and nothing survives that: an empty session is no session.
    fn is_end(&self, record: &Record, delta: &Delta) -> Result<bool, Error> {
        Ok(delta.reset == Some(Reset::Logout)
            && delta.apply_to_payload(&record.payload, &self.engine.config.sections)?.is_empty())
    }

    /// Removes the session now, and its cookie with the response.
    async fn end(&self, id: SessionId) -> Result<(), Error> {
        self.engine.destroy(id).await?;
        let mut state = self.state();
        state.live = None;
        state.cookie = Some(CookieChange::Remove);
        Ok(())
    }

    async fn change(&self, live: LoadedSession, delta: &Arc<Delta>) -> Result<(), Error> {
        if self.is_end(&live.record, delta)? {
            return self.end(live.id).await;
        }
        let token = delta.is_privilege_change().then(|| self.engine.rotate_token(live.id)).transpose()?;
        let verifier = token.as_ref().map(Token::verifier_hash);
        let request = CommitRequest { delta: Arc::clone(delta), base: live.record, verifier };
        let record = self.engine.commit(live.id, request).await?;
        let id = token.as_ref().map_or(live.id, Token::id);
        self.committed(LoadedSession { id, record }, token)
    }

    /// Decides what the response still owes the store: nothing, or a future to wait for.
    pub(crate) fn finish(self: &Arc<Self>, status: StatusCode) -> Option<RunToCompletion<Result<(), Error>>> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return None;
        }
        state.phase = Phase::Finished;
        // A panic elsewhere, in a task that had a handle too, does not undo what this handler has done.
        if state.panicked && status.is_server_error() {
            return None;
        }
        if status.is_server_error() && !self.engine.config.commit_on_server_error {
            state.delta.keep_privilege_changes();
        }
        // Somebody may have stopped waiting for a write that is under way, and not for its cookie.
        let writing = Arc::strong_count(self) > 1 && self.io_lock.try_lock().is_err();
        let busy = writing || !state.delta.is_empty() || state.to_destroy.is_some() || state.failure.is_some();
        let touch = match &state.live {
            Some(live) if !busy => {
                let resealed = state.needs_reissue.then_some(live.record.idle);
                self.engine.due_touch(&live.record).or(resealed).map(|idle| (live.id, idle))
            },
            _ => None,
        };
        drop(state);
        let request = Arc::clone(self);
        match touch {
            _ if busy => Some(RunToCompletion::new(Box::pin(request.flush()))),
            Some((id, idle)) => Some(RunToCompletion::new(Box::pin(async move {
                // The visitor has what was asked for. A session that is not touched ends early, and that is all.
                let touched = match request.engine.touch(id, idle).await {
                    Ok(Touched::Touched) => request.touched(idle),
                    Ok(Touched::Gone) => Ok(()),
                    Err(error) => Err(error.into()),
                };
                match touched {
                    Ok(()) => {},
                    Err(error) => {
                        tracing::warn!(session = ?id, %error, "a session could not be touched");
                    },
                }
                Ok(())
            }))),
            None => None,
        }
    }

    /// Writes what the session has to say into the response's head.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        let Config { cookie, absolute, .. } = &self.engine.config;
        let cookie = match self.state().cookie.take() {
            Some(CookieChange::Issue(token)) => {
                cookie.issue(str::from_utf8(&token.to_chars()).unwrap_or_default(), *absolute)
            },
            Some(CookieChange::Sealed(value)) => cookie.issue(&value, *absolute),
            Some(CookieChange::Remove) => cookie.remove(),
            None => None,
        };
        if let Some(cookie) = cookie {
            headers.append(http::header::SET_COOKIE, cookie);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        } else if let Entry::Vacant(vacant) = headers.entry(CACHE_CONTROL) {
            vacant.insert(HeaderValue::from_static("private"));
        } else if let Some(private) = with_private(headers) {
            headers.insert(CACHE_CONTROL, private);
        }
        headers.append(VARY, HeaderValue::from_static("cookie"));
    }
}

/// A handler's own `Cache-Control`, kept out of shared caches; `None` if it keeps out of them already.
fn with_private(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|line| line.to_str().ok());
    let words: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let is = |word: &str, name: &str| word.eq_ignore_ascii_case(name);
    if words.iter().any(|word| is(word, "private") || is(word, "no-store")) {
        return None;
    }
    let shared = |word: &str| is(word, "public") || word.get(..8).is_some_and(|start| is(start, "s-maxage"));
    let kept = words.into_iter().filter(|word| !word.is_empty() && !shared(word));
    let line = std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(line).ok()
}

impl fmt::Debug for RequestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSession").field("phase", &self.state().phase).finish_non_exhaustive()
    }
}

/// The answer that an [`Error`] becomes where no handler sees it.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::Undecodable | ErrorKind::Newer => {
            StatusCode::SERVICE_UNAVAILABLE
        },
        ErrorKind::Conflict | ErrorKind::Superseded | ErrorKind::Gone => StatusCode::CONFLICT,
        ErrorKind::Invalid | ErrorKind::Unencodable | ErrorKind::TooLarge | ErrorKind::Misconfigured => {
            StatusCode::INTERNAL_SERVER_ERROR
        },
    }
}
