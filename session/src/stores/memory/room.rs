//! [`Room`]: how much the store holds, of all shards together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory of a record besides its packed bytes: its entries in maps and heaps, and the allocator's overhead. Measured
/// with a million sessions.
const OVERHEAD: usize = 310;

/// A number of records, and their memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl Amount {
    /// One record with this number of packed bytes.
    pub(super) fn of(packed: usize) -> Self {
        Self { records: 1, bytes: packed + OVERHEAD }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }

    pub(super) fn without_a_tenth(self) -> Self {
        Self { records: self.records - self.records / 10, bytes: self.bytes - self.bytes / 10 }
    }
}

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Room {
    records: AtomicUsize,
    bytes: AtomicUsize,
}

impl Room {
    pub(super) fn records(&self) -> usize {
        self.records.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.records() == 0 && self.bytes.load(Ordering::Relaxed) == 0
    }

    /// Counts `more`, unless there would be more than `max`.
    pub(super) fn take(&self, more: Amount, max: Amount) -> bool {
        let fits = |count: &AtomicUsize, more: usize, max: usize| {
            more == 0 || count.fetch_add(more, Ordering::Relaxed).checked_add(more).is_some_and(|sum| sum <= max)
        };
        let has_room = fits(&self.records, more.records, max.records);
        if fits(&self.bytes, more.bytes, max.bytes) && has_room {
            return true;
        }
        self.release(more);
        false
    }

    pub(super) fn release(&self, amount: Amount) {
        self.records.fetch_sub(amount.records, Ordering::Relaxed);
        self.bytes.fetch_sub(amount.bytes, Ordering::Relaxed);
    }
}
