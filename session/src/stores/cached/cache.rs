use std::hash::BuildHasherDefault;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::unsync::DefaultLifecycle;
use quick_cache::{Weighter, unsync};
use tokio::time::Instant;

use crate::data::record::{Record, UserKey};
use crate::data::token::{RandomIds, SessionId};
use crate::port::Invalidation;

/// Room for a record of a MiB, the largest that stores take by default.
const SHARD_BYTES: u64 = 2 << 20;
const MOST_SHARDS: u64 = 64;
/// So many that what happens to one session seldom looks as if it had happened to another.
const SLOTS: usize = 256;
/// What an entry takes beside its record's bytes: its place, its share of places that are free, the allocator's part. Measured with
/// 138,624 records of 228 bytes, which took 662 bytes each.
const OVERHEAD: u64 = 440;

/// Records, and since when they are known.
pub(super) struct Cache {
    shards: Vec<Mutex<Shard>>,
    staleness: Duration,
}

/// A part of the ids, and of the room.
struct Shard {
    entries: unsync::Cache<SessionId, Entry, Bytes, BuildHasherDefault<RandomIds>>,
    slots: Vec<Slot>,
}

/// What has happened to a part of the shard's ids.
#[derive(Clone, Default)]
struct Slot {
    /// Counts what entered and left.
    changes: u64,
    /// Touches under way.
    touches: u32,
}

struct Entry {
    record: Record,
    since: Instant,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<SessionId, Entry> for Bytes {
    fn weight(&self, _id: &SessionId, entry: &Entry) -> u64 {
        entry.record.encoded_len() as u64 + OVERHEAD
    }
}

/// Taken before the store is asked: what it answers may be kept only if nothing has come between.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    /// `None` while a touch is under way: what a commit leaves behind has a deadline then that nobody knows.
    changes: Option<u64>,
    since: Instant,
}

/// While it lives, and at its end, nothing that the store answers is kept: a touch tells neither what it has found nor when.
pub(super) struct Touching<'a> {
    cache: &'a Cache,
    id: SessionId,
}

impl Cache {
    pub(super) fn new(staleness: Duration, max_bytes: u64) -> Self {
        let shards = (max_bytes / SHARD_BYTES).clamp(1, MOST_SHARDS);
        let shard = |_| Mutex::new(Shard::new(max_bytes / shards));
        Self { shards: (0..shards).map(shard).collect(), staleness }
    }

    pub(super) fn get(&self, id: SessionId) -> Option<Record> {
        let shard = self.shard(id)?;
        let entry = shard.entries.get(&id)?;
        (entry.since.elapsed() < self.staleness).then(|| entry.record.clone())
    }

    /// Whether the record at `revision` is here, old or not.
    pub(super) fn has(&self, id: SessionId, revision: u64) -> bool {
        self.shard(id).is_some_and(|shard| shard.revision(id) == Some(revision))
    }

    pub(super) fn begin(&self, id: SessionId) -> Ticket {
        Ticket { changes: self.shard(id).and_then(|mut shard| shard.slot(id)?.untouched()), since: Instant::now() }
    }

    pub(super) fn begin_touch(&self, id: SessionId) -> Touching<'_> {
        if let Some(slot) = self.shard(id).as_mut().and_then(|shard| shard.slot(id)) {
            slot.changes += 1;
            slot.touches += 1;
        }
        Touching { cache: self, id }
    }

    /// Takes notice of what the store has answered since `ticket` was taken, and keeps it if nothing has come between.
    ///
    /// Whatever enters or leaves counts: an answer that was under way meanwhile may be older than what somebody has been told since,
    /// also where that was not kept.
    pub(super) fn put(&self, id: SessionId, record: &Record, ticket: Ticket) {
        let Some(mut shard) = self.shard(id) else { return };
        let Some(slot) = shard.slot(id) else { return };
        let first = Some(slot.changes) == ticket.changes && !self.staleness.is_zero();
        slot.changes += 1;
        let idle = match shard.entries.get_mut(&id) {
            // A revision never comes back, and an idle deadline never goes back.
            Some(mut known) if known.record.revision() >= record.revision() => {
                known.record.idle = known.record.idle.max(record.idle);
                if known.record.revision() == record.revision() {
                    known.since = known.since.max(ticket.since);
                }
                return;
            },
            Some(known) => known.record.idle.max(record.idle),
            None => record.idle,
        };
        if first {
            // A commit's payload is its own, but its user is still a part of the record that was loaded.
            let user = record.user().map(|user| UserKey(bytes::Bytes::copy_from_slice(user.as_bytes())));
            shard.entries.insert(id, Entry { record: Record { idle, user, ..record.clone() }, since: ticket.since });
        } else {
            shard.entries.remove(&id);
        }
    }

    /// Takes notice of what somebody is told past the cache.
    pub(super) fn tell(&self, id: SessionId, record: &Record) {
        if let Some(mut shard) = self.shard(id)
            && shard.revision(id).is_none_or(|known| known < record.revision())
        {
            shard.forget(id);
        }
    }

    pub(super) fn forget(&self, id: SessionId) {
        if let Some(mut shard) = self.shard(id) {
            shard.forget(id);
        }
    }

    /// Forgets the sessions of the user whose key has this digest.
    pub(super) fn forget_user(&self, digest: &[u8]) {
        let theirs = |record: &Record| record.user().is_some_and(|user| user.digest()[..] == *digest);
        self.retain(|record| !theirs(record));
    }

    pub(super) fn invalidate(&self, invalidation: Invalidation<'_>) {
        match invalidation {
            Invalidation::Session(id) => self.forget(id),
            Invalidation::User(digest) => self.forget_user(digest),
            Invalidation::All => self.retain(|_| false),
        }
    }

    fn retain(&self, keeps: impl Fn(&Record) -> bool) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.slots.iter_mut().for_each(|slot| slot.changes += 1);
            shard.entries.retain(|_, entry| keeps(&entry.record));
        }
    }

    fn shard(&self, id: SessionId) -> Option<MutexGuard<'_, Shard>> {
        // Ids are random in every byte.
        let index = id.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let shard = self.shards.get(index % self.shards.len().max(1))?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    fn new(max_bytes: u64) -> Self {
        // For how many keys that have left it remembers that they were here: as many as fit of a small session.
        let items = usize::try_from(max_bytes / 1024).unwrap_or(usize::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        let entries = unsync::Cache::with(items, max_bytes, Bytes, hasher, lifecycle);
        Self { entries, slots: vec![Slot::default(); SLOTS] }
    }

    fn revision(&self, id: SessionId) -> Option<u64> {
        self.entries.get(&id).map(|entry| entry.record.revision())
    }

    fn slot(&mut self, id: SessionId) -> Option<&mut Slot> {
        // The byte after the one that chooses the shard.
        self.slots.get_mut(id.as_bytes().get(1).map_or(0, |byte| usize::from(*byte)))
    }

    fn forget(&mut self, id: SessionId) {
        if let Some(slot) = self.slot(id) {
            slot.changes += 1;
        }
        self.entries.remove(&id);
    }
}

impl Slot {
    fn untouched(&self) -> Option<u64> {
        (self.touches == 0).then_some(self.changes)
    }
}

impl Drop for Touching<'_> {
    fn drop(&mut self) {
        if let Some(mut shard) = self.cache.shard(self.id) {
            shard.forget(self.id);
            if let Some(slot) = shard.slot(self.id) {
                slot.touches -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::data::payload::{Edit, Payload};
    use crate::data::token::VerifierHash;

    const ID: SessionId = SessionId::from_bytes([7; 16]);

    fn cache() -> Cache {
        Cache::new(Duration::from_hours(1), 1 << 20)
    }

    fn record(revision: u64, idle: u64) -> Record {
        Record {
            epoch: 1,
            revision,
            idle: Timestamp::from_millis(idle),
            absolute: Timestamp::from_millis(1_000),
            created: Timestamp::from_millis(0),
            rotated: Timestamp::from_millis(0),
            verifier: VerifierHash::from_bytes([0; 32]),
            previous: None,
            writers: Default::default(),
            user: None,
            payload: Payload::default(),
        }
    }

    fn kept(cache: &Cache) -> Option<(u64, u64)> {
        cache.get(ID).map(|record| (record.revision(), record.idle.as_millis()))
    }

    #[test]
    fn answers_that_overtake_each_other_leave_the_latest() {
        let cache = cache();
        let (slow, fast) = (cache.begin(ID), cache.begin(ID));
        cache.put(ID, &record(4, 50), fast);
        cache.put(ID, &record(3, 60), slow);
        assert_eq!(kept(&cache), Some((4, 60)), "an idle deadline never goes back");
    }

    /// The second answer is not kept, but somebody has been told: what is older may not come after it.
    #[test]
    fn an_answer_that_is_not_kept_outdates_those_under_way() {
        let cache = cache();
        let told = cache.begin(ID);
        cache.forget(ID);
        let old = cache.begin(ID);
        cache.put(ID, &record(4, 50), told);
        assert_eq!(kept(&cache), None);
        cache.put(ID, &record(3, 50), old);
        assert_eq!(kept(&cache), None);
    }

    #[test]
    fn what_had_to_make_room_is_not_replaced_by_what_is_older() {
        let cache = cache();
        let old = cache.begin(ID);
        cache.put(ID, &record(4, 50), cache.begin(ID));
        cache.shard(ID).unwrap().entries.remove(&ID);
        cache.put(ID, &record(3, 50), old);
        assert_eq!(kept(&cache), None);
    }

    #[test]
    fn nothing_under_way_comes_in_after_a_touch_a_logout_or_news() {
        let cache = cache();
        let leave: [fn(&Cache); 3] =
            [|cache| drop(cache.begin_touch(ID)), |cache| cache.forget(ID), |cache| cache.forget_user(b"somebody")];
        for leave in leave {
            let old = cache.begin(ID);
            leave(&cache);
            cache.put(ID, &record(3, 50), old);
            assert_eq!(kept(&cache), None);
        }
    }

    /// Else a busy process would keep nothing: somebody always writes.
    #[test]
    fn what_happens_to_one_session_is_nothing_to_another() {
        let cache = cache();
        let ids: Vec<_> = (0..=255).map(|byte| SessionId::from_bytes([byte; 16])).collect();
        let tickets: Vec<_> = ids.iter().map(|id| cache.begin(*id)).collect();
        ids.iter().zip(tickets).for_each(|(id, ticket)| cache.put(*id, &record(3, 50), ticket));
        assert!(ids.iter().all(|id| cache.get(*id).is_some()));
    }

    /// The touch may have been done before what was answered, or after it.
    #[test]
    fn nothing_is_kept_while_a_touch_is_under_way() {
        let cache = cache();
        let before = cache.begin(ID);
        let touching = cache.begin_touch(ID);
        cache.put(ID, &record(3, 50), before);
        assert_eq!(kept(&cache), None);
        let within = cache.begin(ID);
        drop(touching);
        cache.put(ID, &record(3, 50), within);
        assert_eq!(kept(&cache), None);
        cache.put(ID, &record(3, 70), cache.begin(ID));
        assert_eq!(kept(&cache), Some((3, 70)));
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
    fn it_takes_no_more_than_it_may() {
        for max_bytes in [0, 1, 700, 1_000, 100_000, 5 << 20, u64::MAX] {
            let cache = Cache::new(Duration::from_hours(1), max_bytes);
            for number in 0..3_000 {
                let bytes = usize::from(number) * 7 % 3_000;
                cache.put(id(number), &sized(bytes), cache.begin(id(number)));
            }
            let (mut weight, mut kept) = (0, 0);
            for shard in &cache.shards {
                let shard = shard.lock().unwrap();
                weight += shard.entries.iter().map(|(id, entry)| Bytes.weight(id, entry)).sum::<u64>();
                kept += shard.entries.len();
            }
            assert!(weight <= max_bytes, "{weight} of {max_bytes}");
            assert_eq!(kept > 0, max_bytes >= 700, "{kept} in {max_bytes}");
        }
    }

    /// A user's name would else hold on to all that was loaded along with it.
    #[test]
    fn a_record_that_was_emptied_holds_nothing_of_what_it_was() {
        let (cache, user) = (cache(), UserKey(bytes::Bytes::from_static(b"7")));
        let loaded = Record::decode(Record { user: Some(user), ..sized(10_000) }.encode()).unwrap();
        let emptied = Record { revision: 2, payload: Payload::default(), ..loaded.clone() };
        cache.put(ID, &emptied, cache.begin(ID));
        drop(emptied);
        assert!(cache.shard(ID).unwrap().entries.get(&ID).unwrap().record.user().unwrap().0.is_unique());
        drop(loaded);
    }
}
