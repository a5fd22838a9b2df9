//! A store that can be taken away for a moment, so that a visitor sees what the shop does without it. Only for
//! demonstration.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use session::store::{Commit, Committed, Created, Destroyed, Record, StoreError, Touched};
use session::{SessionId, Store, Timestamp};
use tokio::time::Instant;

/// After this time the store comes back by itself, so that a public shop is never left broken.
pub const AWAY: Duration = Duration::from_secs(10);

/// Takes the store away and gives it back. Clones control the same store, within this process.
#[derive(Clone, Default)]
pub struct Switch(Arc<Mutex<Option<Instant>>>);

impl Switch {
    pub fn take_away(&self) {
        *self.back_at() = Some(Instant::now() + AWAY);
    }

    pub fn give_back(&self) {
        *self.back_at() = None;
    }

    /// How long the store will still be away; `None` while it is there.
    pub fn remaining(&self) -> Option<Duration> {
        let remaining = (*self.back_at())?.saturating_duration_since(Instant::now());
        (!remaining.is_zero()).then_some(remaining)
    }

    fn back_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.remaining() {
            None => Ok(()),
            Some(_) => Err(StoreError::unavailable("the store was taken away on the page `/promises`")),
        }
    }
}

/// A store behind a [`Switch`]. While it is away, no call reaches it. The user index is not passed on: the shop has no
/// use for it.
pub struct Switched<S> {
    inner: Arc<S>,
    switch: Switch,
}

impl<S> Switched<S> {
    pub fn new(inner: S) -> Self {
        Self { inner: Arc::new(inner), switch: Switch::default() }
    }

    pub fn switch(&self) -> &Switch {
        &self.switch
    }
}

impl<S> Clone for Switched<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), switch: self.switch.clone() }
    }
}

impl<S: Store> Store for Switched<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.switch.check()?;
        self.inner.create(id, record, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.switch.check()?;
        self.inner.load(id, now).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        self.switch.check()?;
        self.inner.commit(id, commit, now).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.switch.check()?;
        self.inner.touch(id, idle, now).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.switch.check()?;
        self.inner.destroy(id, now).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.switch.check()?;
        self.inner.sweep(limit, now).await
    }
}
