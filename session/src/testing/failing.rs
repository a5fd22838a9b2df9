//! [`FailingStore`]: a store with injected faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

/// Wraps a store, injects faults, and counts calls. Clones share faults and counts.
///
/// ```
/// use session::store::{MemoryStore, Store, StoreError};
/// use session::testing::{FailingStore, Fault};
/// use session::{SessionId, Timestamp};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = FailingStore::new(MemoryStore::new());
/// store.fail(Fault::Before);
/// let (id, now) = (SessionId::from_bytes([7; 16]), Timestamp::from_millis(0));
/// assert!(matches!(store.load(id, now).await, Err(StoreError::Unavailable(_))));
/// store.heal();
/// assert!(store.load(id, now).await.unwrap().is_none());
/// assert_eq!(store.calls().loads, 2);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct FailingStore<S> {
    inner: S,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The fault, and the number of remaining calls that it affects; `None` means all until [`FailingStore::heal`].
    fault: Mutex<Option<(Fault, Option<u64>)>>,
    counts: [AtomicU64; 5],
}

/// A fault between the application and its store.
///
/// ```
/// # use session::store::{MemoryStore, Store, StoreError};
/// # use session::testing::{FailingStore, Fault};
/// # use session::{SessionId, Timestamp};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = FailingStore::new(MemoryStore::new());
/// store.fail_next(Fault::After, 1);
/// let (id, now) = (SessionId::from_bytes([7; 16]), Timestamp::from_millis(0));
/// assert!(matches!(store.destroy(id, now).await, Err(StoreError::Unknown(_))));
/// assert!(store.destroy(id, now).await.is_ok());
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Calls do not reach the store: they fail with [`StoreError::Unavailable`].
    Before,
    /// Calls are carried out, and their answers are lost: they fail with [`StoreError::Unknown`], and calls that only
    /// read with [`StoreError::Unavailable`].
    After,
    /// Calls are delayed by this long, and then carried out.
    Delay(Duration),
}

/// The number of calls of each kind: what [`FailingStore::calls`] returns. `reload`, `sweep` and calls of the user
/// index are not counted.
///
/// ```
/// # use session::{MemoryStore, testing::FailingStore};
/// let calls = FailingStore::new(MemoryStore::new()).calls();
/// assert_eq!((calls.total(), calls.writes(), calls.loads), (0, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Calls {
    /// Calls of `create`.
    pub creates: u64,
    /// Calls of `load`.
    pub loads: u64,
    /// Calls of `commit`.
    pub commits: u64,
    /// Calls of `touch`.
    pub touches: u64,
    /// Calls of `destroy`.
    pub destroys: u64,
}

impl Calls {
    /// The number of all calls.
    pub fn total(&self) -> u64 {
        self.creates + self.loads + self.commits + self.touches + self.destroys
    }

    /// The number of all calls except loads.
    pub fn writes(&self) -> u64 {
        self.total() - self.loads
    }
}

impl<S> FailingStore<S> {
    /// Wraps `inner`, without a fault.
    pub fn new(inner: S) -> Self {
        Self { inner, shared: Arc::default() }
    }

    /// Injects `fault` into every call until [`heal`](Self::heal). It replaces an earlier fault.
    pub fn fail(&self, fault: Fault) {
        self.set(Some((fault, None)));
    }

    /// Injects `fault` into the next `calls` calls. It replaces an earlier fault.
    pub fn fail_next(&self, fault: Fault, calls: u64) {
        self.set(Some((fault, Some(calls))));
    }

    /// Removes the fault.
    pub fn heal(&self) {
        self.set(None);
    }

    /// The calls since the store was created, or since [`reset_calls`](Self::reset_calls).
    pub fn calls(&self) -> Calls {
        let [creates, loads, commits, touches, destroys] =
            self.shared.counts.each_ref().map(|count| count.load(Ordering::SeqCst));
        Calls { creates, loads, commits, touches, destroys }
    }

    /// Sets all counts to zero.
    pub fn reset_calls(&self) {
        self.shared.counts.iter().for_each(|count| count.store(0, Ordering::SeqCst));
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn set(&self, fault: Option<(Fault, Option<u64>)>) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut current = self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let (fault, left) = current.as_mut()?;
        let fault = *fault;
        match left {
            None => Some(fault),
            Some(0) => {
                *current = None;
                None
            },
            Some(left) => {
                *left -= 1;
                Some(fault)
            },
        }
    }

    async fn call<T>(&self, index: usize, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        // Before the count: a test that waits for this count and then sets a fault means the next call.
        let fault = self.next_fault();
        if let Some(count) = self.shared.counts.get(index) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        match fault {
            None => call.await,
            Some(Fault::Before) => Err(StoreError::unavailable("injected: the call was not sent")),
            Some(Fault::After) => {
                let _ = call.await?;
                match index {
                    LOAD | LIST => Err(StoreError::unavailable("injected: the answer was lost")),
                    _ => Err(StoreError::unknown("injected: the answer was lost")),
                }
            },
            Some(Fault::Delay(by)) => {
                tokio::time::sleep(by).await;
                call.await
            },
        }
    }
}

const LOAD: usize = 1;
/// The calls from here on are not counted.
const LIST: usize = 5;
const REVOKE: usize = 6;
const FORGET: usize = 7;
const SWEEP: usize = 7;

impl<S: Store> Store for FailingStore<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.call(0, self.inner.create(id, record, now)).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.call(LOAD, self.inner.load(id, now)).await
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        self.call(LIST, self.inner.reload(id, now)).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        self.call(2, self.inner.commit(id, commit, now)).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.call(3, self.inner.touch(id, idle, now)).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.call(4, self.inner.destroy(id, now)).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.call(SWEEP, self.inner.sweep(limit, now)).await
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

impl<S: Store> UserIndex for FailingStore<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        match self.inner.users() {
            Some(users) => Box::pin(self.call(LIST, users.list_user(user, limit, now))),
            None => Box::pin(async { Err(no_user_index()) }),
        }
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        match self.inner.users() {
            Some(users) => Box::pin(self.call(REVOKE, users.revoke_user(user, except, now))),
            None => Box::pin(async { Err(no_user_index()) }),
        }
    }

    fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.inner.users() {
            Some(users) => Box::pin(self.call(FORGET, users.forget(user, id))),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }
}
