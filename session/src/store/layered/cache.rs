use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Timestamp;
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
    /// Counts, for a part of the ids each, what makes answers under way worthless. Held while an entry changes.
    shards: Vec<Mutex<u64>>,
    staleness: Duration,
}

#[derive(Clone)]
struct Entry {
    record: Record,
    since: Instant,
}

/// Taken before the store is asked: what it answers may be kept only if nothing has come between.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    count: u64,
    since: Instant,
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
        Ticket { count: self.shard(id).map_or(0, |count| *count), since: Instant::now() }
    }

    /// Keeps what the store has answered since `ticket` was taken.
    pub(super) fn put(&self, id: SessionId, record: &Record, ticket: Ticket) {
        let Some(count) = self.shard(id) else { return };
        if *count != ticket.count || self.staleness.is_zero() {
            self.entries.invalidate(&id);
            return;
        }
        let mut record = record.clone();
        if let Some(known) = self.entries.get(&id) {
            // Answers overtake each other. A revision never comes back, and an idle deadline never goes back.
            if known.record.revision() > record.revision() {
                return;
            }
            record.idle = record.idle.max(known.record.idle);
        }
        self.entries.insert(id, Entry { record, since: ticket.since });
    }

    pub(super) fn touch(&self, id: SessionId, idle: Timestamp) {
        let Some(mut count) = self.shard(id) else { return };
        *count += 1;
        if let Some(mut entry) = self.entries.get(&id) {
            entry.record.idle = entry.record.idle.max(idle);
            self.entries.insert(id, entry);
        }
    }

    pub(super) fn forget(&self, id: SessionId) {
        if let Some(mut count) = self.shard(id) {
            *count += 1;
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
            *shard.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
    }

    fn shard(&self, id: SessionId) -> Option<MutexGuard<'_, u64>> {
        // Ids are random in every byte.
        let index = id.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        self.shards.get(index % SHARDS).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
