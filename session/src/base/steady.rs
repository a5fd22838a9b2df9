//! [`SteadyTime`]: a second opinion about the time, before something is removed for good.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::clock::Timestamp;

/// By how much the clock may be ahead of the time that has passed: clocks are set right in small steps.
const TOLERANCE: Duration = Duration::from_mins(1);
/// After this time a clock that has jumped ahead is believed: a machine that was suspended wakes up to a later time.
const BELIEVED_AFTER: Duration = Duration::from_mins(10);

/// Compares the clock with the time that passes in the process. What has expired by a clock that jumps ahead and back
/// would be gone; by this time it is kept until the clock has stayed there.
#[derive(Debug, Default)]
pub(crate) struct SteadyTime(Mutex<Option<Reading>>);

#[derive(Debug)]
struct Reading {
    time: Timestamp,
    at: Instant,
    /// Since when the clock is too far ahead.
    ahead_since: Option<Instant>,
}

impl SteadyTime {
    /// The time to remove things by, when the clock shows `now`: `now`, or an earlier time if the clock has jumped.
    pub(crate) fn confirmed(&self, now: Timestamp) -> Timestamp {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        let passed = last.as_ref().map(|last| last.time.saturating_add(at.duration_since(last.at)));
        if let (Some(last), Some(passed)) = (&mut *last, passed)
            && now > passed.saturating_add(TOLERANCE)
            && at.duration_since(*last.ahead_since.get_or_insert(at)) < BELIEVED_AFTER
        {
            return passed;
        }
        *last = Some(Reading { time: now, at, ahead_since: None });
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_ahead_is_believed_only_if_it_stays_there() {
        let (steady, at) = (SteadyTime::default(), |seconds: u64| Timestamp::from_millis(seconds * 1_000));
        assert_eq!(steady.confirmed(at(1_000)), at(1_000));
        assert_eq!(steady.confirmed(at(90_000)), at(1_000), "ahead");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(steady.confirmed(at(90_009)), at(1_009));
        assert_eq!(steady.confirmed(at(1_009)), at(1_009), "and back");
        assert_eq!(steady.confirmed(at(900)), at(900), "a clock that was fast is set right");
        assert_eq!(steady.confirmed(at(90_000)), at(900));
        tokio::time::advance(Duration::from_mins(10)).await;
        assert_eq!(steady.confirmed(at(90_600)), at(90_600));
    }
}
