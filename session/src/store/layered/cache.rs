use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::record::Record;
#[cfg(feature = "redis")]
use crate::store::News;
use crate::token::SessionId;

const SHARDS: usize = 256;
/// What an entry takes beside its record's bytes, roughly.
const OVERHEAD: usize = 256;

/// Records, and since when they are known.
pub(super) struct Cache {
    entries: moka::sync::Cache<SessionId, Entry>,
    /// A part of the ids each. Held while an entry changes.
    shards: Vec<Mutex<Shard>>,
    staleness: Duration,
}

#[derive(Clone)]
struct Entry {
    record: Record,
    since: Instant,
}

#[derive(Default)]
struct Shard {
    /// Counts what entered and left.
    changes: u64,
    /// Touches under way.
    touches: u32,
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
        let weight = |_: &SessionId, entry: &Entry| {
            u32::try_from(entry.record.encoded_len().saturating_add(OVERHEAD)).unwrap_or(u32::MAX)
        };
        let entries = moka::sync::Cache::builder().max_capacity(max_bytes).weigher(weight).build();
        Self { entries, shards: (0..SHARDS).map(|_| Mutex::default()).collect(), staleness }
    }

    pub(super) fn get(&self, id: SessionId) -> Option<Record> {
        let entry = self.entries.get(&id)?;
        (entry.since.elapsed() < self.staleness).then_some(entry.record)
    }

    /// Whether the record at `revision` is here, old or not.
    pub(super) fn has(&self, id: SessionId, revision: u64) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.record.revision() == revision)
    }

    pub(super) fn begin(&self, id: SessionId) -> Ticket {
        let unmoved = |shard: MutexGuard<'_, Shard>| (shard.touches == 0).then_some(shard.changes);
        Ticket { changes: self.shard(id).and_then(unmoved), since: Instant::now() }
    }

    pub(super) fn begin_touch(&self, id: SessionId) -> Touching<'_> {
        if let Some(mut shard) = self.shard(id) {
            shard.changes += 1;
            shard.touches += 1;
        }
        Touching { cache: self, id }
    }

    /// Takes notice of what the store has answered since `ticket` was taken, and keeps it if nothing has come between.
    ///
    /// Whatever enters or leaves counts: an answer that was under way meanwhile may be older than what somebody has been told since,
    /// also where that was not kept.
    pub(super) fn put(&self, id: SessionId, record: &Record, ticket: Ticket) {
        let Some(mut shard) = self.shard(id) else { return };
        let known = self.entries.get(&id);
        // A revision never comes back, and an idle deadline never goes back.
        let idle = known.as_ref().map_or(record.idle, |known| known.record.idle.max(record.idle));
        let (kept, since) = match known {
            Some(known) if known.record.revision() > record.revision() => (known.record, known.since),
            Some(known) if known.record.revision() == record.revision() => {
                (known.record, known.since.max(ticket.since))
            },
            _ if Some(shard.changes) == ticket.changes && !self.staleness.is_zero() => (record.clone(), ticket.since),
            _ => {
                shard.changes += 1;
                return self.entries.invalidate(&id);
            },
        };
        shard.changes += 1;
        self.entries.insert(id, Entry { record: Record { idle, ..kept }, since });
    }

    /// Takes notice of what somebody is told past the cache.
    pub(super) fn tell(&self, id: SessionId, record: &Record) {
        if self.entries.get(&id).is_none_or(|known| known.record.revision() < record.revision()) {
            self.forget(id);
        }
    }

    pub(super) fn forget(&self, id: SessionId) {
        if let Some(mut shard) = self.shard(id) {
            shard.changes += 1;
            self.entries.invalidate(&id);
        }
    }

    /// Forgets the sessions of the user whose key has this digest.
    pub(super) fn forget_user(&self, digest: &[u8]) {
        self.outdate_all();
        for (id, entry) in &self.entries {
            if entry.record.user().is_some_and(|user| user.digest()[..] == *digest) {
                self.forget(*id);
            }
        }
    }

    #[cfg(feature = "redis")]
    pub(super) fn hear(&self, news: News<'_>) {
        match news {
            News::Session(id) => self.forget(id),
            News::User(digest) => self.forget_user(digest),
            News::Missed => {
                self.outdate_all();
                self.entries.invalidate_all();
            },
        }
    }

    fn outdate_all(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).changes += 1;
        }
    }

    fn shard(&self, id: SessionId) -> Option<MutexGuard<'_, Shard>> {
        // Ids are random in every byte.
        let index = id.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        self.shards.get(index % SHARDS).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Touching<'_> {
    fn drop(&mut self) {
        if let Some(mut shard) = self.cache.shard(self.id) {
            shard.changes += 1;
            shard.touches -= 1;
            self.cache.entries.invalidate(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::payload::Payload;
    use crate::token::VerifierHash;

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
        cache.entries.invalidate(&ID);
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
}
