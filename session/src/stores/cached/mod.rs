//! [`Cached`]: a cache in the process over any store.
//!
//! A read that the cache answers costs no round trip. A write costs one: the engine builds it on the cached record, the
//! store compares the revision, and if another process has written in the meantime, the refusal brings the stored
//! record. So a read may see an old record, but a write is never based on one.

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

/// Caches records of the wrapped store in this process, for a limited time.
///
/// Reads always see the writes of this process. Writes of *other* processes, logouts among them, are seen after
/// [`CachedOptions::staleness`] at the latest. A write is checked against the stored revision in any case, and a token
/// that does not open the cached record is tried on the stored one.
///
/// Cloning shares the cache.
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
///
/// ```
/// use std::time::Duration;
/// use session::store::CachedOptions;
///
/// let options = CachedOptions::new().staleness(Duration::from_millis(200)).max_bytes(16 << 20);
/// ```
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
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// For how long a cached record answers reads. Default: 1 s. With zero, every read asks the store.
    #[must_use]
    pub fn staleness(mut self, staleness: Duration) -> Self {
        self.staleness = staleness;
        self
    }

    /// How much memory the cached records may take, in bytes. Default: 64 MiB. A record that is larger than this, or
    /// than 2 MiB, is not cached.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    fn build_cache(self) -> Arc<Cache> {
        Arc::new(Cache::new(self.staleness, self.max_bytes))
    }
}

impl<S: Store> Cached<S> {
    /// A cache over `store` with the default settings.
    pub fn new(store: S) -> Self {
        Self::with(store, CachedOptions::new())
    }

    /// A cache over `store` with `options`.
    pub fn with(store: S, options: CachedOptions) -> Self {
        Self { store: Arc::new(store), cache: options.build_cache() }
    }
}

impl<S: InvalidationFeed> Cached<S> {
    /// A cache over `store` that learns of other processes' commits, logouts and revocations when they happen. All
    /// processes must use `listening`, because each publishes its own changes. `RedisStore` has such a feed, with a
    /// server at one address; use [`with`](Self::with) for Sentinel and Cluster.
    ///
    /// A message can be lost with its connection. In that case a change is seen after [`CachedOptions::staleness`], as
    /// without a feed.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::RedisStore;
    /// use session::store::{Cached, CachedOptions};
    ///
    /// let redis = RedisStore::connect("redis://127.0.0.1").await?;
    /// let store = Cached::listening(redis, CachedOptions::new()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the server does not answer; [`StoreError::Misconfigured`] if the store, as it is
    /// configured, has no feed.
    pub async fn listening(store: S, options: CachedOptions) -> Result<Self, StoreError> {
        let cache = options.build_cache();
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
        let token = self.cache.begin_read(id);
        let created = self.store.create(id, record, now).await?;
        if created == Created::Created {
            self.cache.insert(id, record, token);
        }
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        match self.cache.get(id) {
            // A cached record that has expired may have been touched by another process.
            Some(record) if !record.is_expired(now) => Ok(Some(record)),
            // Boxed because it is the rare case: a future is as large as its largest branch.
            _ => Box::pin(self.load_from_store(id, now)).await,
        }
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        // Also for a record that is no longer cached: it may have been when it was loaded.
        self.load_from_store(id, now).await.map(Reloaded::Record)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let token = self.cache.begin_read(id);
        let committed = self.store.commit(id, commit, now).await;
        match &committed {
            // Without the previous record the idle deadline is unknown: a touch may have moved it, and a commit keeps
            // the later one.
            Ok(Committed::Applied) if self.cache.has_base_of(id, &commit) => {
                self.cache.insert(id, commit.record, token);
            },
            Ok(Committed::Conflict(fresh)) => self.cache.insert(id, fresh, token),
            _ => self.cache.remove(id),
        }
        committed
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let (store, cache) = (Arc::clone(&self.store), Arc::clone(&self.cache));
        // In a task of its own, so that it ends even if the caller is cancelled: until then the idle deadline is
        // unknown.
        let touching = tokio::spawn(async move {
            let _guard = cache.begin_touch(id);
            store.touch(id, idle, now).await
        });
        touching.await.map_err(StoreError::unknown)?
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        // Before the call as well: in this process, a logout takes effect without waiting for the store.
        self.cache.remove(id);
        let destroyed = self.store.destroy(id, now).await;
        self.cache.remove(id);
        destroyed
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.store.sweep(limit, now).await
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.store.users().map(|_| self as &dyn UserIndex)
    }

    fn call_deadline(&self) -> Option<Duration> {
        self.store.call_deadline()
    }

    fn encrypts(&self) -> bool {
        self.store.encrypts()
    }
}

impl<S: Store> Cached<S> {
    async fn load_from_store(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let token = self.cache.begin_read(id);
        let loaded = self.store.load(id, now).await;
        match &loaded {
            Ok(Some(record)) => self.cache.insert(id, record, token),
            _ => self.cache.remove(id),
        }
        loaded
    }
}

fn index_of(store: &impl Store) -> Result<&dyn UserIndex, StoreError> {
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
            let found = index_of(&*self.store)?.list_user(user, limit, now).await?;
            for (id, record) in &found {
                self.cache.observe(*id, record);
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
        // In a task of its own, so that it ends even if the caller is cancelled: revoked sessions must leave the cache.
        let revoking = async move {
            let revoked = index_of(&*store)?.revoke_user(&user, except, now).await;
            cache.remove_user(&user.digest());
            revoked
        };
        Box::pin(async move { tokio::spawn(revoking).await.map_err(StoreError::unknown)? })
    }

    fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.store.users() {
            Some(users) => users.forget(user, id),
            None => Box::pin(std::future::ready(Ok(()))),
        }
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
