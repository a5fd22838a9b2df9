//! The engine: one request's session, from the load to the commit. It names no web framework and no store.
//!
//! | step | module |
//! |---|---|
//! | settings, checked when the server starts | [`sessions`], [`config`] |
//! | the cookie's value becomes a loaded session | [`load`] |
//! | one request's session: what was loaded, and what its handles have changed | [`request`] |
//! | what a handler holds: tracked fields, exact updates, a handle that outlives the request | [`handle`] |
//! | the changes of one request, and how they apply to a record | [`delta`] |
//! | one compare-and-set for the changes of several requests | [`commit_queue`], [`commit`], [`retry`] |
//! | a commit that has begun is never left half done | [`run_to_completion`] |
//! | work beside requests: expired records, the sessions of a user | [`sweeper`], [`user_sessions`] |

pub(crate) mod commit;
pub(crate) mod commit_queue;
pub(crate) mod config;
pub(crate) mod delta;
pub(crate) mod handle;
pub(crate) mod load;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod run_to_completion;
pub(crate) mod sessions;
pub(crate) mod sweeper;
pub(crate) mod user_sessions;

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use self::commit_queue::CommitQueue;
use self::config::Config;
use self::delta::Rules;
use self::load::LoadedSession;
use crate::base::clock::{Clock, Rng, Timestamp};
use crate::base::error::{Error, ErrorKind};
use crate::base::log_limit::LogLimit;
use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{Backend, BoxFuture, Sharing, StoreError, UserIndex, no_user_index, read_in_time, write_in_time};

/// What all requests of one [`Sessions`](crate::Sessions) share.
pub(crate) struct Engine {
    backend: Box<dyn Backend>,
    pub(crate) config: Config,
    /// The session types that live in one record.
    pub(crate) types: Vec<TypeId>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    queue: CommitQueue,
    /// Random, and never zero: the first half of each operation id.
    process: u32,
    sequence: AtomicU32,
    pub(crate) warnings: Warnings,
}

/// The limits of the log lines that any client can cause.
#[derive(Default)]
pub(crate) struct Warnings {
    pub(crate) two_cookies: LogLimit,
    pub(crate) corrupt: LogLimit,
    pub(crate) unreadable_fields: LogLimit,
    pub(crate) user_assigned: LogLimit,
    pub(crate) dropped_changes: LogLimit,
    pub(crate) invalid: LogLimit,
    pub(crate) panicked: LogLimit,
    pub(crate) touch: LogLimit,
    pub(crate) unfiled: LogLimit,
    pub(crate) no_room: LogLimit,
}

impl Engine {
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        config: Config,
        types: Vec<TypeId>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, Error> {
        let mut process = [0; 4];
        rng.fill(&mut process).map_err(Error::no_random_bytes)?;
        // An operation id of all zeros marks an unused place among a record's writers.
        let process = u32::from_be_bytes(process) | 1;
        let (queue, sequence, warnings) = (CommitQueue::default(), AtomicU32::new(0), Warnings::default());
        Ok(Self { backend, config, types, clock, rng, queue, process, sequence, warnings })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        &*self.rng
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// Whether a session lives in the client's cookie, so that each of its responses sets the cookie again.
    pub(crate) fn lives_in_cookie(&self) -> bool {
        matches!(self.backend.sharing(), Sharing::PerRequest { .. })
    }

    /// The cookie's value that is the session itself. `None` for a session in a server-side store.
    pub(crate) fn cookie_value(&self, session: &LoadedSession) -> Result<Option<String>, Error> {
        self.backend.cookie_value(session.id, &session.record, self.rng())
    }

    pub(crate) fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.backend.store().sweep(limit, now)
    }

    /// The store's user index, whose calls end by the store's deadline.
    pub(crate) fn users(&self) -> Option<&dyn UserIndex> {
        self.backend.store().users().map(|_| self as &dyn UserIndex)
    }

    /// A random duration between half of `duration` and one and a half times `duration`.
    pub(crate) fn jittered(&self, duration: Duration) -> Duration {
        let mut random = [0; 2];
        // If no random bytes are available, the pause is only less evenly spread.
        let _ = self.rng.fill(&mut random);
        duration / 2 + duration.mul_f64(f64::from(u16::from_ne_bytes(random)) / 65_536.0)
    }

    fn rules(&self, now: Timestamp) -> Rules<'_> {
        let Config { idle, absolute, sections, app, .. } = &self.config;
        Rules { now, idle: *idle, absolute: *absolute, sections, app }
    }

    /// The id of a commit. A counter alone would not do: two copies of one process image would count in step, and each
    /// would take the other's commit for its own.
    fn next_op(&self) -> OpId {
        let mut random = [0; 4];
        // Without random bytes, the counter still tells the commits of this process apart.
        let _ = self.rng.fill(&mut random);
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed).wrapping_add(u32::from_ne_bytes(random));
        OpId { process: self.process, sequence }
    }
}

impl UserIndex for Engine {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        let store = self.backend.store();
        match store.users() {
            Some(users) => read_in_time(store.call_deadline(), users.list_user(user, limit, now)),
            None => Box::pin(async { Err(no_user_index()) }),
        }
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        let store = self.backend.store();
        match store.users() {
            Some(users) => write_in_time(store.call_deadline(), users.revoke_user(user, except, now)),
            None => Box::pin(async { Err(no_user_index()) }),
        }
    }

    fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        let store = self.backend.store();
        match store.users() {
            Some(users) => write_in_time(store.call_deadline(), users.forget(user, id)),
            None => Box::pin(async { Err(no_user_index()) }),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cold]
pub(crate) fn superseded() -> Error {
    let message = "a login, logout or rotation was committed first: the changes of this request are dropped";
    Error::new(ErrorKind::Superseded, message)
}

#[cold]
pub(crate) fn gone() -> Error {
    let message = "the session ended after this request had loaded it: the changes of this request are dropped";
    Error::new(ErrorKind::Gone, message)
}

#[cold]
pub(crate) fn conflict() -> Error {
    let message = "other processes changed the session each time this commit was tried: nothing was stored";
    Error::new(ErrorKind::Conflict, message)
}
