//! [`MemoryStore`]: sessions of one process, lost when it ends.

mod packed;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::packed::PackedRecord;
use crate::base::clock::Timestamp;
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
/// Cloning shares the sessions. When the [maximum](Self::with_max_sessions) is reached, a new session is refused with
/// [`StoreError::Unavailable`], and no live one is evicted. Expired sessions need no [`Sweeper`](crate::Sweeper): every
/// new session removes a few, so no request waits until all are removed.
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
    held: Arc<AtomicUsize>,
    max_sessions: usize,
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
    /// An empty store for at most 1,000,000 sessions.
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
        Self { shards: Arc::default(), held: Arc::default(), max_sessions }
    }

    /// How many records the store holds, including expired ones that have not been swept.
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether the store holds no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts one more record if the maximum allows it.
    fn reserve(&self) -> bool {
        let room = self.held.fetch_add(1, Ordering::Relaxed) < self.max_sessions;
        if !room {
            self.release(1);
        }
        room
    }

    fn release(&self, records: usize) {
        self.held.fetch_sub(records, Ordering::Relaxed);
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
                self.release(swept.removed);
                removed += swept.removed;
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
    removed: usize,
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
                    self.remove(id);
                    swept.removed += 1;
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
        if !self.reserve() {
            // Expired records are removed before a new session is refused.
            self.sweep_all(usize::MAX, SWEPT_WHEN_FULL, now);
            if !self.reserve() {
                let reason = format!(
                    "MemoryStore: {} live sessions are the maximum; see `MemoryStore::with_max_sessions`",
                    self.max_sessions
                );
                return Err(StoreError::unavailable(reason));
            }
        }
        let mut shard = self.shard(id);
        self.release(shard.sweep(SWEPT_PER_CREATE, now).removed);
        if shard.live(id, now).is_some() {
            self.release(1);
            return Ok(Created::Exists);
        }
        shard.due.push(Reverse((record.idle_deadline(), id)));
        if shard.insert(id, PackedRecord::new(record)).is_some() {
            self.release(1);
        }
        Ok(Created::Created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        Ok(self.shard(id).live(id, now).map(|packed| packed.record()).transpose()?)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let mut shard = self.shard(id);
        let Some(stored) = shard.live(id, now) else {
            return Ok(Committed::Gone);
        };
        match commit.decide(stored) {
            Decision::Replace => {
                let mut packed = PackedRecord::new(commit.record);
                packed.set_idle(stored.idle().max(commit.record.idle_deadline()));
                if stored.user() == packed.user() {
                    *stored = packed;
                } else {
                    shard.insert(id, packed);
                }
                Ok(Committed::Applied)
            },
            Decision::AlreadyApplied => Ok(Committed::Applied),
            Decision::Superseded => Ok(Committed::Superseded),
            Decision::Conflict => Ok(Committed::Conflict(Box::new(stored.record()?))),
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
            Some(_) => {
                self.release(1);
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
            let mut removed = 0;
            for shard in &*self.shards {
                let mut shard = lock(shard);
                let ids = shard.of_user(user).map(|(id, _)| id);
                let ids: Vec<SessionId> = ids.filter(|id| Some(*id) != except).collect();
                removed += ids.into_iter().filter_map(|id| shard.remove(id)).count();
                shard.prune();
            }
            self.release(removed);
            Ok(removed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any number of due records may have been touched since. A `create` on a full store must not examine all of them.
    #[tokio::test]
    async fn a_create_on_a_full_store_examines_a_bounded_number_of_records() {
        let at = Timestamp::from_millis;
        let store = MemoryStore::with_max_sessions(4_000);
        for number in 0..4_000_u16 {
            let mut id = [0; 16];
            for (place, byte) in id.iter_mut().zip(number.to_le_bytes().into_iter().cycle()) {
                *place = byte;
            }
            let mut packed = PackedRecord::new(&packed::sample());
            packed.set_idle(at(9_000));
            let mut shard = store.shard(SessionId::from_bytes(id));
            shard.due.push(Reverse((at(1_000), SessionId::from_bytes(id))));
            shard.insert(SessionId::from_bytes(id), packed);
            drop(shard);
            assert!(store.reserve());
        }
        assert!(store.create(SessionId::from_bytes([0xff; 16]), &packed::sample(), at(2_000)).await.is_err());
        let examined =
            |shard: &Mutex<Shard>| lock(shard).due.iter().filter(|Reverse((due, _))| *due == at(9_000)).count();
        assert_eq!(store.shards.iter().map(examined).sum::<usize>(), SWEPT_WHEN_FULL);
    }

    #[tokio::test]
    async fn revoked_sessions_leave_nothing_in_the_heap() {
        let (store, user) = (MemoryStore::new(), UserKey(bytes::Bytes::from_static(b"42")));
        for number in 0..1_000_u16 {
            let mut id = [7; 16];
            id[14..].copy_from_slice(&number.to_be_bytes());
            let record = Record { user: Some(user.clone()), ..packed::sample() };
            assert_eq!(
                store.create(SessionId::from_bytes(id), &record, Timestamp::from_millis(1)).await.unwrap(),
                Created::Created
            );
            assert_eq!(store.revoke_user(&user, None, Timestamp::from_millis(1)).await.unwrap(), 1);
        }
        assert!(store.shards.iter().map(|shard| lock(shard).due.len()).sum::<usize>() <= 65);
    }
}
