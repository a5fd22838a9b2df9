//! A store that can be taken away for a moment, so that a visitor sees what the shop does without it. Only for
//! demonstration.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use session::store::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, StoreError, Touched, UserIndex, UserKey,
};
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

/// A store behind a [`Switch`]. While it is away, no call reaches it. It can do what the store can.
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

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        self.switch.check()?;
        self.inner.reload(id, now).await
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

    fn users(&self) -> Option<&dyn UserIndex> {
        self.inner.users().map(|_| self as &dyn UserIndex)
    }

    fn call_deadline(&self) -> Option<Duration> {
        self.inner.call_deadline()
    }

    fn encrypts(&self) -> bool {
        self.inner.encrypts()
    }
}

impl<S: Store> Switched<S> {
    fn index(&self) -> Result<&dyn UserIndex, StoreError> {
        self.switch.check()?;
        self.inner.users().ok_or_else(|| StoreError::Misconfigured("this store has no index of users".into()))
    }
}

impl<S: Store> UserIndex for Switched<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move { self.index()?.list_user(user, limit, now).await })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move { self.index()?.revoke_user(user, except, now).await })
    }
}

#[cfg(test)]
mod tests {
    use session::{MemoryStore, Session, Sessions};

    use super::*;

    #[derive(Session)]
    #[session(lock = off)]
    struct Visitor {
        #[session(user)]
        user: Option<u64>,
    }

    #[tokio::test]
    async fn the_index_of_users_is_away_with_its_store() {
        let store = Switched::new(MemoryStore::new());
        let switch = store.switch().clone();
        let sessions = Sessions::<Visitor>::builder().store(store).build().unwrap();
        assert_eq!(sessions.list_user(&7, 10).await.unwrap().len(), 0);
        switch.take_away();
        assert_eq!(sessions.list_user(&7, 10).await.unwrap_err().kind(), session::ErrorKind::Unavailable);
        assert_eq!(sessions.revoke_user(&7).await.unwrap_err().kind(), session::ErrorKind::Unavailable);
        switch.give_back();
        assert_eq!(sessions.revoke_user(&7).await.unwrap(), 0);
    }
}
