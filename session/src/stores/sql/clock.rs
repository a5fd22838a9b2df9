use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::{Timestamp, millis};

const MEASURE_EVERY: Duration = Duration::from_mins(1);

/// How far the database's clock is ahead of the engine's. Rows hold times of the former, so that a process whose clock is wrong
/// neither ends sessions early nor keeps them.
///
/// Not measured at every call: loads and commits must shift by the same distance, or deadlines would wander with the
/// network's delays.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    ahead: AtomicI64,
    /// When that was measured, by the engine's clock.
    measured: AtomicU64,
}

impl ServerClock {
    /// The database answered that it is `theirs`, to a question asked at `now`.
    pub(super) fn note(&self, theirs: i64, now: Timestamp) {
        if self.is_stale(now) {
            let theirs = u64::try_from(theirs).unwrap_or_default();
            self.ahead.store(theirs.checked_signed_diff(now.as_millis()).unwrap_or_default(), Ordering::Relaxed);
            self.measured.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        self.measured.load(Ordering::Relaxed).abs_diff(now.as_millis()) > millis(MEASURE_EVERY)
    }
}
