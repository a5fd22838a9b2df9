//! [`ServerClock`]: the clock of a server that keeps deadlines itself.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::{Timestamp, millis};

const MEASURE_EVERY: Duration = Duration::from_mins(1);

/// The distance between a server's clock and the engine's. Stored deadlines are by the server's clock, so that a
/// process whose clock is wrong neither ends sessions early nor keeps them too long.
///
/// It is measured once a minute and not at every call: a load and the commit that follows must shift by the same
/// distance, or deadlines would drift with the network's delays.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    /// The server's time less the engine's, in milliseconds.
    offset: AtomicI64,
    /// When that was measured, by the engine's clock. Zero, for never, is stale.
    measured_at: AtomicU64,
}

impl ServerClock {
    /// Notes that the server's clock showed `server_now` when the engine's showed `now`. Ignored while the last
    /// measurement is not stale.
    pub(crate) fn measured(&self, server_now: Timestamp, now: Timestamp) {
        if self.is_stale(now) {
            let offset = server_now.as_millis().checked_signed_diff(now.as_millis()).unwrap_or_default();
            self.offset.store(offset, Ordering::Relaxed);
            self.measured_at.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// The server's time less the engine's, in milliseconds.
    pub(crate) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// The engine's `time` by the server's clock.
    pub(crate) fn server_time(&self, time: Timestamp) -> Timestamp {
        time.offset(self.offset())
    }

    /// Whether the offset is to be measured again.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        self.measured_at.load(Ordering::Relaxed).abs_diff(now.as_millis()) > millis(MEASURE_EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_holds_for_a_minute() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1_000);
        let clock = ServerClock::default();
        assert!(clock.is_stale(at(1_000)));
        clock.measured(at(1_007), at(1_000));
        assert_eq!((clock.offset(), clock.server_time(at(1_000))), (7_000, at(1_007)));
        clock.measured(at(1_003), at(1_060));
        assert_eq!(clock.offset(), 7_000, "not stale yet");
        clock.measured(at(1_059), at(1_061));
        assert_eq!(clock.offset(), -2_000);
    }
}
