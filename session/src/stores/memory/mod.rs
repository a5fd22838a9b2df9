//! [`MemoryStore`]: sessions of one process, gone when it ends.

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
/// Expired records that a `create` looks at before it adds one: more than one, so that the dead never outnumber the new.
const SWEPT_PER_CREATE: usize = 4;
/// And one that finds the store full: bounded, so that it does not wait long.
const SWEPT_WHEN_FULL: usize = 1_024;
/// Records that a sweep looks at before it lets requests at a shard again.
const SWEPT_AT_ONCE: usize = 64;

/// Keeps sessions in memory: bounded, expiring, for tests and for servers of one process.
///
/// Cloning shares the sessions. At most [`max_sessions`](Self::with_max_sessions) live at a time; after that a new session is refused
/// with [`StoreError::Unavailable`], and no live one is evicted. Expired ones make room by themselves: every new session sweeps
/// a few, so no request ever waits for a sweep of all.
#[derive(Clone)]
pub struct MemoryStore {
    shards: Arc<[Mutex<Shard>; SHARDS]>,
    /// Records in all shards, expired ones that nobody has swept yet among them.
    held: Arc<AtomicUsize>,
    most: usize,
}

#[derive(Default)]
struct Shard {
    records: IdMap<PackedRecord>,
    /// When to look at a record again. Touches do not move it: a record met too early is filed anew.
    due: BinaryHeap<Reverse<(Timestamp, SessionId)>>,
    /// Whose records these are, of those that are somebody's: by a hash of the user, since the record says the rest.
    users: BTreeSet<(u64, SessionId)>,
    hasher: RandomState,
}

impl MemoryStore {
    /// A store for up to a million sessions.
    pub fn new() -> Self {
        Self::with_max_sessions(1_000_000)
    }

    /// A store for `most` sessions.
    pub fn with_max_sessions(most: usize) -> Self {
        Self { shards: Arc::default(), held: Arc::default(), most }
    }

    /// How many records are held, swept or not.
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether no record is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts one more record, if there is room for it.
    fn reserve(&self) -> bool {
        let room = self.held.fetch_add(1, Ordering::Relaxed) < self.most;
        if !room {
            self.release(1);
        }
        room
    }

    fn release(&self, records: usize) {
        self.held.fetch_sub(records, Ordering::Relaxed);
    }

    /// Removes up to `limit` expired records, and looks at no more than `looks`. A few of each shard in turn: whoever waits for one gets it before its turn comes again.
    fn sweep_all(&self, limit: usize, looks: usize, now: Timestamp) -> usize {
        let (mut removed, mut looked_at) = (0, 0);
        loop {
            let mut more = false;
            for shard in &*self.shards {
                let most = (limit - removed).min(looks - looked_at).min(SWEPT_AT_ONCE);
                let swept = lock(shard).sweep(most, now);
                self.release(swept.removed);
                removed += swept.removed;
                looked_at += swept.looked_at;
                more |= most > 0 && swept.looked_at == most;
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
    // No code of ours panics while it holds the lock; a poisoned shard is still a consistent one.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Swept {
    looked_at: usize,
    removed: usize,
}

impl Shard {
    fn live(&mut self, id: SessionId, now: Timestamp) -> Option<&mut PackedRecord> {
        self.records.get_mut(&id).filter(|kept| !kept.is_expired(now))
    }

    fn insert(&mut self, id: SessionId, kept: PackedRecord) -> Option<PackedRecord> {
        let before = self.records.get(&id).and_then(|kept| self.entry(id, kept));
        let after = self.entry(id, &kept);
        if before != after {
            before.map(|entry| self.users.remove(&entry));
            self.users.extend(after);
        }
        self.records.insert(id, kept)
    }

    fn remove(&mut self, id: SessionId) -> Option<PackedRecord> {
        let removed = self.records.remove(&id)?;
        self.entry(id, &removed).map(|entry| self.users.remove(&entry));
        Some(removed)
    }

    /// Those who come and go would fill the heap otherwise, long before they are due.
    fn prune(&mut self) {
        if self.due.len() > self.records.len() * 2 + 64 {
            self.due.retain(|Reverse((_, id))| self.records.contains_key(id));
        }
    }

    /// Its place among the users' sessions.
    fn entry(&self, id: SessionId, kept: &PackedRecord) -> Option<(u64, SessionId)> {
        let user = kept.user();
        (!user.is_empty()).then(|| (self.hasher.hash_one(user), id))
    }

    /// The sessions of `user`, ended ones that nobody has swept yet among them.
    fn of_user<'a>(&'a self, user: &'a UserKey) -> impl Iterator<Item = (SessionId, &'a PackedRecord)> {
        let hash = self.hasher.hash_one(user.as_bytes());
        let (first, last) = (SessionId::from_bytes([0; 16]), SessionId::from_bytes([u8::MAX; 16]));
        let entries = self.users.range((hash, first)..=(hash, last));
        let kept = entries.filter_map(|(_, id)| Some((*id, self.records.get(id)?)));
        kept.filter(|(_, kept)| kept.user() == user.as_bytes())
    }

    /// Looks at up to `limit` records that are due.
    fn sweep(&mut self, limit: usize, now: Timestamp) -> Swept {
        let mut swept = Swept::default();
        while swept.looked_at < limit {
            match self.due.peek() {
                Some(Reverse((due, _))) if *due <= now => {},
                _ => break,
            }
            let Some(Reverse((_, id))) = self.due.pop() else {
                break;
            };
            swept.looked_at += 1;
            match self.records.get(&id).map(PackedRecord::idle) {
                Some(idle) if idle > now => self.due.push(Reverse((idle, id))),
                Some(_) => {
                    self.remove(id);
                    swept.removed += 1;
                },
                None => {},
            }
        }
        // Give the room of a crowd that has left back.
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
            // Before anybody is refused, the dead make room.
            self.sweep_all(usize::MAX, SWEPT_WHEN_FULL, now);
            if !self.reserve() {
                let reason = "the memory store is full; see `MemoryStore::with_max_sessions`";
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
        Ok(self.shard(id).live(id, now).map(|kept| kept.record()).transpose()?)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let mut shard = self.shard(id);
        let Some(stored) = shard.live(id, now) else {
            return Ok(Committed::Gone);
        };
        match commit.decide(stored) {
            Decision::Replace => {
                let mut kept = PackedRecord::new(commit.record);
                kept.set_idle(stored.idle().max(commit.record.idle_deadline()));
                if stored.user() == kept.user() {
                    *stored = kept;
                } else {
                    shard.insert(id, kept);
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
                let live = shard.of_user(user).filter(|(_, kept)| !kept.is_expired(now));
                for (id, kept) in live.take(limit - found.len()) {
                    found.push((id, kept.record()?));
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

    /// A sweep may meet any number of records that were touched since; whoever finds the store full does not wait for them all.
    #[tokio::test]
    async fn a_full_store_is_looked_through_in_parts() {
        let at = Timestamp::from_millis;
        let store = MemoryStore::with_max_sessions(4_000);
        for number in 0..4_000_u16 {
            let mut id = [0; 16];
            for (place, byte) in id.iter_mut().zip(number.to_le_bytes().into_iter().cycle()) {
                *place = byte;
            }
            let mut kept = PackedRecord::new(&packed::sample());
            kept.set_idle(at(9_000));
            let mut shard = store.shard(SessionId::from_bytes(id));
            shard.due.push(Reverse((at(1_000), SessionId::from_bytes(id))));
            shard.insert(SessionId::from_bytes(id), kept);
            drop(shard);
            assert!(store.reserve());
        }
        assert!(store.create(SessionId::from_bytes([0xff; 16]), &packed::sample(), at(2_000)).await.is_err());
        let looked_at =
            |shard: &Mutex<Shard>| lock(shard).due.iter().filter(|Reverse((due, _))| *due == at(9_000)).count();
        assert_eq!(store.shards.iter().map(looked_at).sum::<usize>(), SWEPT_WHEN_FULL);
    }

    #[tokio::test]
    async fn who_is_sent_away_leaves_nothing_behind() {
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
