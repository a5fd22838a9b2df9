//! [`Cached`]: a cache in the process over any store.
//!
//! A read that the cache answers costs no round trip. A write costs one: the engine makes it on the record that the cache holds, the
//! store compares the revision, and where another process has written meanwhile, its refusal brings the record as it is now. So what
//! is cached may be old, and what is written never builds on it.

mod cache;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::cache::Cache;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, InvalidationFeed, Record, Reloaded, Store, StoreError, Touched,
    UserIndex, UserKey, no_user_index,
};

/// Keeps records of the store behind it in this process, for a stated time.
///
/// Within this process nothing is ever old. What *other* processes do is seen after [`CachedOptions::staleness`] at the latest: a
/// logout over there, a change that only a read would show. What a request writes is checked against the store's revision all the
/// same, and a token that the cached record does not open is tried on the stored one.
///
/// ```
/// use std::time::Duration;
/// use session::{MemoryStore, store::{Cached, CachedOptions}};
///
/// let store = Cached::new(MemoryStore::new());
/// let store = Cached::with(MemoryStore::new(), CachedOptions::new().staleness(Duration::from_millis(200)));
/// ```
pub struct Cached<S> {
    store: Arc<S>,
    cache: Arc<Cache>,
}

/// Settings of a [`Cached`] store.
#[derive(Clone, Copy, Debug)]
pub struct CachedOptions {
    staleness: Duration,
    max_bytes: u64,
}

impl Default for CachedOptions {
    fn default() -> Self {
        Self { staleness: Duration::from_secs(1), max_bytes: 64 << 20 }
    }
}

impl CachedOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a record is taken for what the store has. Default: a second. Zero asks the store each time.
    #[must_use]
    pub fn staleness(mut self, staleness: Duration) -> Self {
        self.staleness = staleness;
        self
    }

    /// How much memory the kept records may take, in bytes. Default: 64 MiB. What is larger than 2 MiB, or than all of it, is
    /// not kept.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    fn cache(self) -> Arc<Cache> {
        Arc::new(Cache::new(self.staleness, self.max_bytes))
    }
}

impl<S: Store> Cached<S> {
    /// A cache over `store`, with the default settings.
    pub fn new(store: S) -> Self {
        Self::with(store, CachedOptions::new())
    }

    /// A cache over `store`.
    pub fn with(store: S, options: CachedOptions) -> Self {
        Self { store: Arc::new(store), cache: options.cache() }
    }
}

impl<S: InvalidationFeed> Cached<S> {
    /// A cache over `store` that hears of other processes' commits, logouts and revocations when they happen: each is published to the
    /// server's subscribers. Processes must all be made with this.
    ///
    /// A message can be lost with the connection that it came along: then the stated staleness holds, and not less. For a server at
    /// one address; sentinels and clusters have [`with`](Self::with).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the server does not answer, [`StoreError::Misconfigured`] where there is none to listen to.
    pub async fn listening(store: S, options: CachedOptions) -> Result<Self, StoreError> {
        let cache = options.cache();
        let listener = Arc::downgrade(&cache);
        let store = store.subscribe(move |invalidation| {
            if let Some(cache) = listener.upgrade() {
                cache.invalidate(invalidation);
            }
        });
        Ok(Self { store: Arc::new(store.await?), cache })
    }
}

impl<S: Store> Store for Cached<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        let ticket = self.cache.begin(id);
        let created = self.store.create(id, record, now).await?;
        if created == Created::Created {
            self.cache.put(id, record, ticket);
        }
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        match self.cache.get(id) {
            // One that has ended by the cache may have been touched elsewhere.
            Some(record) if !record.is_expired(now) => Ok(Some(record)),
            // Seldom, so in a box of its own: a future is as large as the largest of its ways.
            _ => Box::pin(self.ask(id, now)).await,
        }
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        // Also for a record that is no longer cached: it may have been when it was loaded.
        self.ask(id, now).await.map(Reloaded::Record)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let ticket = self.cache.begin(id);
        let committed = self.store.commit(id, commit, now).await;
        match &committed {
            // Only along with what was there before it is known until when it lives: a touch may have moved that.
            Ok(Committed::Applied) if self.cache.has(id, commit.revision) => self.cache.put(id, commit.record, ticket),
            Ok(Committed::Conflict(fresh)) => self.cache.put(id, fresh, ticket),
            _ => self.cache.forget(id),
        }
        committed
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let (store, cache) = (Arc::clone(&self.store), Arc::clone(&self.cache));
        // Driven to its end whether or not anybody waits for it: until then nobody knows the deadline.
        let touching = tokio::spawn(async move {
            let _touching = cache.begin_touch(id);
            store.touch(id, idle, now).await
        });
        touching.await.map_err(StoreError::unknown)?
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        // Before as well: this process's part of a logout does not wait for the store.
        self.cache.forget(id);
        let destroyed = self.store.destroy(id, now).await;
        self.cache.forget(id);
        destroyed
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.store.sweep(limit, now).await
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.store.users().map(|_| self as &dyn UserIndex)
    }

    fn encrypts(&self) -> bool {
        self.store.encrypts()
    }
}

impl<S: Store> Cached<S> {
    async fn ask(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let ticket = self.cache.begin(id);
        let loaded = self.store.load(id, now).await;
        match &loaded {
            Ok(Some(record)) => self.cache.put(id, record, ticket),
            _ => self.cache.forget(id),
        }
        loaded
    }
}

fn index(store: &impl Store) -> Result<&dyn UserIndex, StoreError> {
    store.users().ok_or_else(no_user_index)
}

impl<S: Store> UserIndex for Cached<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let found = index(&*self.store)?.list_user(user, limit, now).await?;
            for (id, record) in &found {
                self.cache.tell(*id, record);
            }
            Ok(found)
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        let (store, cache, user) = (Arc::clone(&self.store), Arc::clone(&self.cache), user.clone());
        // Driven to its end whether or not anybody waits for it: what it has ended must leave the cache.
        let revoking = async move {
            let revoked = index(&*store)?.revoke_user(&user, except, now).await;
            cache.forget_user(&user.digest());
            revoked
        };
        Box::pin(async move { tokio::spawn(revoking).await.map_err(StoreError::unknown)? })
    }
}

impl<S> Clone for Cached<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), cache: Arc::clone(&self.cache) }
    }
}

impl<S: fmt::Debug> fmt::Debug for Cached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("store", &self.store).finish_non_exhaustive()
    }
}
