//! [`Contest`]: how long a commit goes on while the writers of other processes come first.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::Rng;

/// Not a number of tries alone: a process that the machine starves, or whose store answers the others sooner, loses dozens in a row
/// in a fraction of a second, and would give up an update that only had to wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nor time alone: where one try waits for a lock, or the process stood still, that was none.
const FEWEST_TRIES: u32 = 16;
/// A conflict brings the fresh record, and the best moment to try again is at once: whoever waits finds it stale. Only after
/// as many tries in a row there is a pause of random length, so that two processes do not keep in step.
const TRIES_IN_A_ROW: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_millis(8);

/// One commit against those of other processes. Whoever meets nobody does not look at the time.
#[derive(Debug)]
pub(crate) struct Contest {
    lost: u32,
    since: Option<Instant>,
}

impl Contest {
    /// For a commit that waits `since` then, or else begins with its first conflict.
    pub(crate) fn new(since: Option<Instant>) -> Self {
        Self { lost: 0, since }
    }

    /// After a try that came too late: whether there is another. Waits where that helps.
    pub(crate) async fn goes_on(&mut self, rng: &dyn Rng) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.lost = self.lost.saturating_add(1);
        if self.lost.is_multiple_of(TRIES_IN_A_ROW) {
            let mut random = [0; 1];
            // Without a random part the pause is merely less fair.
            let _ = rng.fill(&mut random);
            let [random] = random;
            tokio::time::sleep(LONGEST_PAUSE * (u32::from(random) + 1) / 256).await;
        }
        self.lost < FEWEST_TRIES || since.elapsed() < PATIENCE
    }
}
