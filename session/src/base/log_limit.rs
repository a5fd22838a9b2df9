//! [`LogLimit`]: warnings that any client can cause must not fill the log.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines in one period.
const LINES: u64 = 5;
const PERIOD: Duration = Duration::from_secs(10);

/// Admits a few lines of one kind in each period, and counts the others. Before the first line it has no period.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Option<Period>>);

#[derive(Debug)]
struct Period {
    began: Instant,
    /// Lines that were asked for, whether or not they were admitted.
    asked: u64,
}

impl LogLimit {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether to write a line now; if so, how many were left out since the last one.
    pub(crate) fn admit(&self) -> Option<u64> {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *period {
            Some(current) if current.began.elapsed() < PERIOD => {
                current.asked = current.asked.saturating_add(1);
                (current.asked <= LINES).then_some(0)
            },
            ended => {
                let left_out = ended.as_ref().map_or(0, |ended| ended.asked.saturating_sub(LINES));
                *ended = Some(Period { began: Instant::now(), asked: 1 });
                Some(left_out)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_few_lines_are_admitted_in_each_period_and_the_others_are_counted() {
        let limit = LogLimit::default();
        let admitted = (0..1_000).filter(|_| limit.admit().is_some()).count();
        assert_eq!(admitted, 5);
        tokio::time::advance(PERIOD).await;
        assert_eq!(limit.admit(), Some(995));
        assert_eq!(limit.admit(), Some(0));
    }
}
