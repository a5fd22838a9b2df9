//! [`MemoryStore`]: sessions of one process, lost when it ends.

mod packed;
mod room;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::packed::PackedRecord;
use self::room::{Amount, Room};
use crate::base::clock::Timestamp;
use crate::base::steady::SteadyTime;
use crate::data::token::{IdMap, SessionId};
use crate::port::{
    BoxFuture, Commit, Committed, Created, Decision, Destroyed, Record, Store, StoreError, Touched, UserIndex, UserKey,
};

const SHARDS: usize = 32;
/// Due records that a `create` examines before it adds one: more than one, so that expired records are removed faster
/// than new ones are added.
const SWEPT_PER_CREATE: usize = 4;
/// The same for a `create` that finds the store full: bounded, so that the request does not wait long.
const SWEPT_WHEN_FULL: usize = 1_024;
/// Due records that a sweep examines before it releases the lock of a shard.
const SWEPT_AT_ONCE: usize = 64;

/// Keeps sessions in memory, with a maximum number: for tests, and for servers of one process.
///
/// Cloning shares the sessions. When the [number](Self::with_max_sessions) or the [memory](Self::max_bytes) of all
/// sessions is at its maximum, a write that needs more is refused with [`StoreError::Full`], and no live session is
/// evicted. A tenth of both is kept for sessions of users who are logged in: anonymous visitors cannot use it up.
///
/// Expired sessions need no [`Sweeper`](crate::Sweeper): every new session removes a few, so no request waits until all
/// are removed. If the clock jumps ahead, what expires by the jump stays for ten minutes: the clock may jump back.
///
/// It keeps the whole contract of [`Store`], finds sessions by user, and never waits for anything but a short lock.
///
/// ```
/// use session::{MemoryStore, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
/// # Ok::<(), session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shards: Arc<[Mutex<Shard>; SHARDS]>,
    /// Records in all shards, including expired ones that have not been swept.
    held: Arc<Room>,
    max: Amount,
    steady: Arc<SteadyTime>,
}

#[derive(Default)]
struct Shard {
    records: IdMap<PackedRecord>,
    /// When to check whether a record has expired. Touches do not move its entry: a record that turns out to be live
    /// gets a new entry.
    due: BinaryHeap<Reverse<(Timestamp, SessionId)>>,
    /// The records with a user, by a hash of the user. The record has the user itself, so collisions are harmless.
    users: BTreeSet<(u64, SessionId)>,
    hasher: RandomState,
}

impl MemoryStore {
    /// An empty store for at most 1,000,000 sessions and 1 GiB.
    pub fn new() -> Self {
        Self::with_max_sessions(1_000_000)
    }

    /// An empty store for at most `max_sessions` sessions. A session whose record has 570 bytes takes 765 bytes of
    /// memory, measured with a million sessions.
    ///
    /// ```
    /// let store = session::MemoryStore::with_max_sessions(10_000);
    /// assert!(store.is_empty());
    /// ```
    pub fn with_max_sessions(max_sessions: usize) -> Self {
        let max = Amount { records: max_sessions, bytes: 1 << 30 };
        Self { shards: Arc::default(), held: Arc::default(), max, steady: Arc::default() }
    }

    /// The most memory that all sessions together may take, in bytes. Default: 1 GiB. Set it before you clone the
    /// store.
    ///
    /// ```
    /// let store = session::MemoryStore::with_max_sessions(10_000).max_bytes(64 << 20);
    /// ```
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max.bytes = max_bytes;
        self
    }

    /// How many records the store holds, including expired ones that have not been swept.
    pub fn len(&self) -> usize {
        self.held.records()
    }

    /// Whether the store holds no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts `more` for a record, if the maximum allows it. Anonymous sessions may not take the last tenth.
    fn reserve(&self, more: Amount, has_user: bool) -> bool {
        let max = if has_user { self.max } else { self.max.without_a_tenth() };
        self.held.take(more, max)
    }

    /// As [`reserve`](Self::reserve), after expired records are removed if there is no room.
    fn reserve_swept(&self, more: Amount, has_user: bool, now: Timestamp) -> Result<(), StoreError> {
        if self.reserve(more, has_user) {
            return Ok(());
        }
        self.sweep_all(usize::MAX, SWEPT_WHEN_FULL, self.steady.confirmed(now));
        if self.reserve(more, has_user) {
            return Ok(());
        }
        let Amount { records, bytes } = self.max;
        Err(StoreError::full(format!(
            "MemoryStore: the maximum is {records} sessions and {bytes} bytes, of which a tenth is for users who are \
             logged in; see `MemoryStore::with_max_sessions` and `max_bytes`"
        )))
    }

    /// Removes up to `limit` expired records and examines at most `budget`. It takes a few from each shard in turn, so
    /// that requests get the lock of a shard in between.
    fn sweep_all(&self, limit: usize, budget: usize, now: Timestamp) -> usize {
        let (mut removed, mut examined) = (0, 0);
        loop {
            let mut more = false;
            for shard in &*self.shards {
                let most = (limit - removed).min(budget - examined).min(SWEPT_AT_ONCE);
                let swept = lock(shard).sweep(most, now);
                self.held.release(swept.removed);
                removed += swept.removed.records;
                examined += swept.examined;
                more |= most > 0 && swept.examined == most;
            }
            if !more {
                return removed;
            }
        }
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, Shard> {
        let [first, ..] = id.as_bytes();
        let [only, ..] = &*self.shards;
        lock(self.shards.get(usize::from(*first) % SHARDS).unwrap_or(only))
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // No code panics while it holds the lock, so a poisoned shard would still be consistent.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Swept {
    examined: usize,
    removed: Amount,
}

impl Shard {
    fn live(&mut self, id: SessionId, now: Timestamp) -> Option<&mut PackedRecord> {
        self.records.get_mut(&id).filter(|packed| !packed.is_expired(now))
    }

    fn insert(&mut self, id: SessionId, packed: PackedRecord) -> Option<PackedRecord> {
        let before = self.records.get(&id).and_then(|packed| self.user_entry(id, packed));
        let after = self.user_entry(id, &packed);
        if before != after {
            before.map(|entry| self.users.remove(&entry));
            self.users.extend(after);
        }
        self.records.insert(id, packed)
    }

    fn remove(&mut self, id: SessionId) -> Option<PackedRecord> {
        let removed = self.records.remove(&id)?;
        self.user_entry(id, &removed).map(|entry| self.users.remove(&entry));
        Some(removed)
    }

    /// Removes heap entries of destroyed records. Otherwise short sessions would fill the heap long before they are
    /// due.
    fn prune(&mut self) {
        if self.due.len() > self.records.len() * 2 + 64 {
            self.due.retain(|Reverse((_, id))| self.records.contains_key(id));
        }
    }

    /// The record's entry in `users`, if it has a user.
    fn user_entry(&self, id: SessionId, packed: &PackedRecord) -> Option<(u64, SessionId)> {
        let user = packed.user();
        (!user.is_empty()).then(|| (self.hasher.hash_one(user), id))
    }

    /// The sessions of `user`, including expired ones that have not been swept.
    fn of_user<'a>(&'a self, user: &'a UserKey) -> impl Iterator<Item = (SessionId, &'a PackedRecord)> {
        let hash = self.hasher.hash_one(user.as_bytes());
        let (first, last) = (SessionId::from_bytes([0; 16]), SessionId::from_bytes([u8::MAX; 16]));
        let entries = self.users.range((hash, first)..=(hash, last));
        let records = entries.filter_map(|(_, id)| Some((*id, self.records.get(id)?)));
        records.filter(|(_, packed)| packed.user() == user.as_bytes())
    }

    /// Examines up to `limit` due records and removes those that have expired.
    fn sweep(&mut self, limit: usize, now: Timestamp) -> Swept {
        let mut swept = Swept::default();
        while swept.examined < limit {
            match self.due.peek() {
                Some(Reverse((due, _))) if *due <= now => {},
                _ => break,
            }
            let Some(Reverse((_, id))) = self.due.pop() else {
                break;
            };
            swept.examined += 1;
            match self.records.get(&id).map(PackedRecord::idle) {
                Some(idle) if idle > now => self.due.push(Reverse((idle, id))),
                Some(_) => {
                    if let Some(removed) = self.remove(id) {
                        swept.removed.add(removed.amount());
                    }
                },
                None => {},
            }
        }
        // Returns memory after a peak.
        if self.records.capacity() > 64 && self.records.len() < self.records.capacity() / 8 {
            self.records.shrink_to(self.records.len() * 2);
            self.due.shrink_to(self.due.len() * 2);
        }
        swept
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("sessions", &self.len()).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        let packed = PackedRecord::new(record);
        let amount = packed.amount();
        self.reserve_swept(amount, record.user().is_some(), now)?;
        let mut shard = self.shard(id);
        self.held.release(shard.sweep(SWEPT_PER_CREATE, self.steady.confirmed(now)).removed);
        if shard.live(id, now).is_some() {
            self.held.release(amount);
            return Ok(Created::Exists);
        }
        shard.due.push(Reverse((record.idle_deadline(), id)));
        if let Some(expired) = shard.insert(id, packed) {
            self.held.release(expired.amount());
        }
        Ok(Created::Created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        Ok(self.shard(id).live(id, now).map(|packed| packed.record()).transpose()?)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let mut packed = PackedRecord::new(commit.record);
        let has_user = commit.record.user().is_some();
        // Room for the whole record, as long as the size of the stored one is unknown.
        let mut reserved = Amount::default();
        loop {
            let mut shard = self.shard(id);
            let Some(stored) = shard.live(id, now) else {
                self.held.release(reserved);
                return Ok(Committed::Gone);
            };
            let refused = match commit.decide(stored) {
                Decision::Replace => None,
                Decision::AlreadyApplied => Some(Committed::Applied),
                Decision::Superseded => Some(Committed::Superseded),
                Decision::Conflict => Some(Committed::Conflict(Box::new(stored.record()?))),
            };
            if let Some(refused) = refused {
                self.held.release(reserved);
                return Ok(refused);
            }
            let before = stored.amount();
            let more = packed.amount().bytes.saturating_sub(before.bytes + reserved.bytes);
            if more > 0 && !self.reserve(Amount { records: 0, bytes: more }, has_user) {
                // Other shards are swept too, so this one must not be locked.
                drop(shard);
                self.reserve_swept(Amount { records: 0, bytes: more }, has_user, now)
                    .inspect_err(|_| self.held.release(reserved))?;
                reserved.bytes += more;
                continue;
            }
            let spare = (before.bytes + reserved.bytes + more).saturating_sub(packed.amount().bytes);
            packed.set_idle(stored.idle().max(commit.record.idle_deadline()));
            if stored.user() == packed.user() {
                *stored = packed;
            } else {
                shard.insert(id, packed);
            }
            self.held.release(Amount { records: 0, bytes: spare });
            return Ok(Committed::Applied);
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let mut shard = self.shard(id);
        let Some(stored) = shard.live(id, now) else {
            return Ok(Touched::Gone);
        };
        stored.set_idle(stored.idle().max(idle).min(stored.absolute()));
        Ok(Touched::Touched)
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        let mut shard = self.shard(id);
        let removed = shard.remove(id);
        shard.prune();
        match removed {
            Some(removed) => {
                self.held.release(removed.amount());
                Ok(Destroyed::Existed)
            },
            None => Ok(Destroyed::Absent),
        }
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        Ok(self.sweep_all(limit, usize::MAX, now))
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    /// No call waits.
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}

impl UserIndex for MemoryStore {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for shard in &*self.shards {
                let shard = lock(shard);
                let live = shard.of_user(user).filter(|(_, packed)| !packed.is_expired(now));
                for (id, packed) in live.take(limit - found.len()) {
                    found.push((id, packed.record()?));
                }
            }
            Ok(found)
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut removed = Amount::default();
            for shard in &*self.shards {
                let mut shard = lock(shard);
                let ids = shard.of_user(user).map(|(id, _)| id);
                let ids: Vec<SessionId> = ids.filter(|id| Some(*id) != except).collect();
                ids.into_iter().filter_map(|id| shard.remove(id)).for_each(|record| removed.add(record.amount()));
                shard.prune();
            }
            self.held.release(removed);
            Ok(removed.records)
        })
    }
}

#[cfg(test)]
mod tests;
