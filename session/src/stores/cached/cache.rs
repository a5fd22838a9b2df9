//! [`Cache`]: records in memory, with the ordering rules that keep an overtaken answer out.
//!
//! Answers of the store can overtake each other. A [`ReadToken`] is taken before the store is asked; the answer is
//! cached only if no other answer, change or invalidation of the same [`VersionStripe`] came in between. An older
//! record can therefore never replace a newer one, even if the newer one has been evicted.

use std::hash::BuildHasherDefault;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::unsync::DefaultLifecycle;
use quick_cache::{Weighter, unsync};
use tokio::time::Instant;

use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::{RandomIds, SessionId};
use crate::port::{Commit, Invalidation};

/// A shard must have room for a record of 1 MiB, which is the largest that stores accept by default.
const SHARD_BYTES: u64 = 2 << 20;
const MAX_SHARDS: u64 = 64;
/// Stripes of a shard: so many that a change of one session seldom keeps another session's answer out of the cache.
const STRIPES: usize = 256;
/// Memory of an entry besides the record's bytes: its slot, its share of free slots, and the allocator's overhead.
/// Measured with 138,624 records of 228 bytes, which took 662 bytes each.
const OVERHEAD: u64 = 440;

/// Records, each with the time at which the store was asked for it.
pub(super) struct Cache {
    shards: Vec<Mutex<Shard>>,
    staleness: Duration,
}

/// A share of the ids, and of the memory.
struct Shard {
    entries: unsync::Cache<SessionId, Entry, ByteWeighter, BuildHasherDefault<RandomIds>>,
    stripes: Vec<VersionStripe>,
}

/// What has happened to a share of the shard's ids.
#[derive(Clone, Default)]
struct VersionStripe {
    /// Counts answers, changes and invalidations.
    version: u64,
    /// Touches in flight.
    touches: u32,
}

struct Entry {
    record: Record,
    since: Instant,
}

#[derive(Clone)]
struct ByteWeighter;

impl Weighter<SessionId, Entry> for ByteWeighter {
    fn weight(&self, _id: &SessionId, entry: &Entry) -> u64 {
        entry.record.encoded_len() as u64 + OVERHEAD
    }
}

/// Taken before the store is asked: its answer may be cached only if the stripe's version is still the same.
#[derive(Clone, Copy)]
pub(super) struct ReadToken {
    /// `None` while a touch is in flight: the idle deadline is then unknown.
    version: Option<u64>,
    since: Instant,
}

/// A touch in flight. No answer that overlaps with it is cached, because a touch returns neither the record nor its
/// deadline.
pub(super) struct TouchGuard<'a> {
    cache: &'a Cache,
    id: SessionId,
}

impl Cache {
    pub(super) fn new(staleness: Duration, max_bytes: u64) -> Self {
        let shards = (max_bytes / SHARD_BYTES).clamp(1, MAX_SHARDS);
        let shard = |_| Mutex::new(Shard::new(max_bytes / shards));
        Self { shards: (0..shards).map(shard).collect(), staleness }
    }

    /// The cached record, unless it is older than the stated staleness.
    pub(super) fn get(&self, id: SessionId) -> Option<Record> {
        let shard = self.shard(id)?;
        let entry = shard.entries.get(&id)?;
        (entry.since.elapsed() < self.staleness).then(|| entry.record.clone())
    }

    /// Whether the record that `commit` replaces is cached, however old it is.
    pub(super) fn has_base_of(&self, id: SessionId, commit: &Commit<'_>) -> bool {
        self.shard(id).is_some_and(|shard| shard.version(id) == Some((commit.revision, commit.last_op)))
    }

    /// Call it before the store is asked for the record of `id`.
    pub(super) fn begin_read(&self, id: SessionId) -> ReadToken {
        ReadToken {
            version: self.shard(id).and_then(|mut shard| shard.stripe(id)?.version_for_read()),
            since: Instant::now(),
        }
    }

    /// Call it before a touch, and drop the guard after it.
    pub(super) fn begin_touch(&self, id: SessionId) -> TouchGuard<'_> {
        if let Some(stripe) = self.shard(id).as_mut().and_then(|shard| shard.stripe(id)) {
            stripe.version += 1;
            stripe.touches += 1;
        }
        TouchGuard { cache: self, id }
    }

    /// Caches the store's answer, if nothing has changed the stripe's version since `token` was taken.
    ///
    /// The version changes even if the answer is not cached: a request has seen it, so no older answer may be cached
    /// after it.
    pub(super) fn insert(&self, id: SessionId, record: &Record, token: ReadToken) {
        let Some(mut shard) = self.shard(id) else { return };
        let Some(stripe) = shard.stripe(id) else { return };
        let is_current = Some(stripe.version) == token.version && !self.staleness.is_zero();
        stripe.version += 1;
        let idle = match shard.entries.get_mut(&id) {
            // An idle deadline never moves back.
            Some(mut known) if version(&known.record) == version(record) => {
                known.record.idle = known.record.idle.max(record.idle);
                known.since = known.since.max(token.since);
                return;
            },
            // The answer was overtaken.
            Some(mut known) if !is_current && known.record.revision() > record.revision() => {
                known.record.idle = known.record.idle.max(record.idle);
                return;
            },
            Some(known) if known.record.revision() < record.revision() => known.record.idle.max(record.idle),
            // The store does not have the cached record any more: a failover has lost it.
            Some(_) | None => record.idle,
        };
        if is_current {
            // The user's key is copied: otherwise it would keep the whole buffer of the record that was loaded in
            // memory.
            let user = record.user().map(|user| UserKey(bytes::Bytes::copy_from_slice(user.as_bytes())));
            shard.entries.insert(id, Entry { record: Record { idle, user, ..record.clone() }, since: token.since });
        } else {
            shard.entries.remove(&id);
        }
    }

    /// Notes a record that a caller gets without the cache: an older one is removed, and another one of its revision.
    pub(super) fn observe(&self, id: SessionId, record: &Record) {
        if let Some(mut shard) = self.shard(id)
            && shard.version(id).is_none_or(|known| known != version(record) && known.0 <= record.revision())
        {
            shard.remove(id);
        }
    }

    /// Removes the record of `id`.
    pub(super) fn remove(&self, id: SessionId) {
        if let Some(mut shard) = self.shard(id) {
            shard.remove(id);
        }
    }

    /// Removes the records of the user whose key has this digest.
    pub(super) fn remove_user(&self, digest: &[u8]) {
        let is_of_user = |record: &Record| record.user().is_some_and(|user| user.digest()[..] == *digest);
        self.retain(|record| !is_of_user(record));
    }

    /// Removes what another process has changed.
    pub(super) fn invalidate(&self, invalidation: Invalidation<'_>) {
        match invalidation {
            Invalidation::Session(id) => self.remove(id),
            Invalidation::User(digest) => self.remove_user(digest),
            Invalidation::All => self.retain(|_| false),
        }
    }

    fn retain(&self, keeps: impl Fn(&Record) -> bool) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.stripes.iter_mut().for_each(|stripe| stripe.version += 1);
            shard.entries.retain(|_, entry| keeps(&entry.record));
        }
    }

    fn shard(&self, id: SessionId) -> Option<MutexGuard<'_, Shard>> {
        // Every byte of an id is random.
        let index = id.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let shard = self.shards.get(index % self.shards.len().max(1))?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    fn new(max_bytes: u64) -> Self {
        // The number of evicted keys that the cache remembers: as many as small sessions fit.
        let items = usize::try_from(max_bytes / 1024).unwrap_or(usize::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let entries = unsync::Cache::with(items, max_bytes, ByteWeighter, hasher, lifecycle);
        Self { entries, stripes: vec![VersionStripe::default(); STRIPES] }
    }

    fn version(&self, id: SessionId) -> Option<(u64, OpId)> {
        self.entries.get(&id).map(|entry| version(&entry.record))
    }

    fn stripe(&mut self, id: SessionId) -> Option<&mut VersionStripe> {
        // The first byte chooses the shard, the second the stripe.
        self.stripes.get_mut(id.as_bytes().get(1).map_or(0, |byte| usize::from(*byte)))
    }

    fn remove(&mut self, id: SessionId) {
        if let Some(stripe) = self.stripe(id) {
            stripe.version += 1;
        }
        self.entries.remove(&id);
    }
}

/// What tells a record from the session's other ones: a revision alone can be used twice, around a failover.
fn version(record: &Record) -> (u64, OpId) {
    (record.revision(), record.last_op())
}

impl VersionStripe {
    /// The version, unless a touch is in flight.
    fn version_for_read(&self) -> Option<u64> {
        (self.touches == 0).then_some(self.version)
    }
}

impl Drop for TouchGuard<'_> {
    fn drop(&mut self) {
        if let Some(mut shard) = self.cache.shard(self.id) {
            shard.remove(self.id);
            if let Some(stripe) = shard.stripe(self.id) {
                stripe.touches -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::data::payload::{Edit, Payload};

    const ID: SessionId = SessionId::from_bytes([7; 16]);

    fn cache() -> Cache {
        Cache::new(Duration::from_hours(1), 1 << 20)
    }

    fn record(revision: u64, idle: u64) -> Record {
        let (idle, absolute) = (Timestamp::from_millis(idle), Timestamp::from_millis(1_000));
        Record { epoch: 1, revision, idle, absolute, ..Record::minimal() }
    }

    fn cached(cache: &Cache) -> Option<(u64, u64)> {
        cache.get(ID).map(|record| (record.revision(), record.idle.as_millis()))
    }

    #[test]
    fn of_answers_that_overtake_each_other_the_latest_is_cached() {
        let cache = cache();
        let (slow, fast) = (cache.begin_read(ID), cache.begin_read(ID));
        cache.insert(ID, &record(4, 50), fast);
        cache.insert(ID, &record(3, 60), slow);
        assert_eq!(cached(&cache), Some((4, 60)), "an idle deadline never goes back");
    }

    /// The second answer is not cached, but a request has seen it: an older answer must not be cached after it.
    #[test]
    fn an_answer_that_is_not_cached_outdates_answers_in_flight() {
        let cache = cache();
        let second = cache.begin_read(ID);
        cache.remove(ID);
        let old = cache.begin_read(ID);
        cache.insert(ID, &record(4, 50), second);
        assert_eq!(cached(&cache), None);
        cache.insert(ID, &record(3, 50), old);
        assert_eq!(cached(&cache), None);
    }

    /// After a failover that lost revision 4, the store has another revision 4, or an older one.
    #[test]
    fn a_record_that_the_store_has_lost_is_replaced() {
        for revision in [3, 4] {
            let cache = cache();
            let mut other = record(revision, 50);
            other.note_writer(OpId { process: 8, sequence: 1 });
            cache.insert(ID, &record(4, 60), cache.begin_read(ID));
            cache.insert(ID, &other, cache.begin_read(ID));
            assert_eq!(cache.get(ID).map(|record| version(&record)), Some(version(&other)));
            cache.observe(ID, &record(4, 60));
            assert_eq!(cached(&cache), None);
        }
    }

    #[test]
    fn an_evicted_record_is_not_replaced_by_an_older_one() {
        let cache = cache();
        let old = cache.begin_read(ID);
        cache.insert(ID, &record(4, 50), cache.begin_read(ID));
        cache.shard(ID).unwrap().entries.remove(&ID);
        cache.insert(ID, &record(3, 50), old);
        assert_eq!(cached(&cache), None);
    }

    #[test]
    fn no_answer_in_flight_is_cached_after_a_touch_a_logout_or_an_invalidation() {
        let cache = cache();
        let changes: [fn(&Cache); 3] =
            [|cache| drop(cache.begin_touch(ID)), |cache| cache.remove(ID), |cache| cache.remove_user(b"somebody")];
        for change in changes {
            let old = cache.begin_read(ID);
            change(&cache);
            cache.insert(ID, &record(3, 50), old);
            assert_eq!(cached(&cache), None);
        }
    }

    /// Otherwise a busy process would cache nothing.
    #[test]
    fn a_change_of_one_session_does_not_affect_another() {
        let cache = cache();
        let ids: Vec<_> = (0..=255).map(|byte| SessionId::from_bytes([byte; 16])).collect();
        let tokens: Vec<_> = ids.iter().map(|id| cache.begin_read(*id)).collect();
        ids.iter().zip(tokens).for_each(|(id, token)| cache.insert(*id, &record(3, 50), token));
        assert!(ids.iter().all(|id| cache.get(*id).is_some()));
    }

    /// The touch may have happened before the answer or after it.
    #[test]
    fn nothing_is_cached_while_a_touch_is_in_flight() {
        let cache = cache();
        let before = cache.begin_read(ID);
        let touching = cache.begin_touch(ID);
        cache.insert(ID, &record(3, 50), before);
        assert_eq!(cached(&cache), None);
        let within = cache.begin_read(ID);
        drop(touching);
        cache.insert(ID, &record(3, 50), within);
        assert_eq!(cached(&cache), None);
        cache.insert(ID, &record(3, 70), cache.begin_read(ID));
        assert_eq!(cached(&cache), Some((3, 70)));
    }

    fn id(number: u16) -> SessionId {
        let [high, low] = number.wrapping_mul(40_503).to_be_bytes();
        SessionId::from_bytes(std::array::from_fn(|at| if at % 2 == 0 { low } else { high }))
    }

    fn sized(bytes: usize) -> Record {
        let value = vec![b'x'; bytes];
        let edit = Edit { section: "s", version: 1, codec: 1, key: "k", value: Some(&value) };
        Record { payload: Payload::default().edited([edit]).unwrap(), ..record(1, 50) }
    }

    #[test]
    fn it_takes_no_more_memory_than_max_bytes() {
        for max_bytes in [0, 1, 700, 1_000, 100_000, 5 << 20, u64::MAX] {
            let cache = Cache::new(Duration::from_hours(1), max_bytes);
            for number in 0..3_000 {
                let bytes = usize::from(number) * 7 % 3_000;
                cache.insert(id(number), &sized(bytes), cache.begin_read(id(number)));
            }
            let (mut weight, mut cached) = (0, 0);
            for shard in &cache.shards {
                let shard = shard.lock().unwrap();
                weight += shard.entries.iter().map(|(id, entry)| ByteWeighter.weight(id, entry)).sum::<u64>();
                cached += shard.entries.len();
            }
            assert!(weight <= max_bytes, "{weight} of {max_bytes}");
            assert_eq!(cached > 0, max_bytes >= 700, "{cached} in {max_bytes}");
        }
    }

    /// Otherwise the user's key would keep the buffer of the loaded record in memory.
    #[test]
    fn an_emptied_record_does_not_keep_the_loaded_buffer() {
        let (cache, user) = (cache(), UserKey(bytes::Bytes::from_static(b"7")));
        let loaded = Record::decode(Record { user: Some(user), ..sized(10_000) }.encode()).unwrap();
        let emptied = Record { revision: 2, payload: Payload::default(), ..loaded.clone() };
        cache.insert(ID, &emptied, cache.begin_read(ID));
        drop(emptied);
        assert!(cache.shard(ID).unwrap().entries.get(&ID).unwrap().record.user().unwrap().0.is_unique());
        drop(loaded);
    }
}
