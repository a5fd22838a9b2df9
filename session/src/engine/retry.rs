//! [`RetryPolicy`]: how long a commit goes on while the writers of other processes come first; and [`retry_unknown`], for calls whose
//! answer was lost.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::Rng;
use crate::port::StoreError;

/// Not a number of tries alone: a process that the machine starves, or whose store answers the others sooner, loses dozens in a row
/// in a fraction of a second, and would give up an update that only had to wait for its turn.
const MAX_ELAPSED: Duration = Duration::from_secs(5);
/// Nor time alone: where one try waits for a lock, or the process stood still, that was none.
const MIN_ATTEMPTS: u32 = 16;
/// A conflict brings the fresh record, and the best moment to try again is at once: whoever waits finds it stale. Only after
/// as many tries in a row there is a pause of random length, so that two processes do not keep in step.
const ATTEMPTS_PER_BURST: u32 = 4;
const MAX_PAUSE: Duration = Duration::from_millis(8);

/// How often a call whose outcome is unknown is repeated.
const REPEATS: u32 = 2;

/// Repeats `call` while its outcome is unknown, at most twice. Only for calls that may safely be repeated: a commit, which its operation
/// id identifies, and removals.
///
/// # Errors
///
/// The error of the last attempt. If it is not the first, any error becomes [`StoreError::Unknown`]: an earlier attempt may have been
/// applied, whatever the last one says.
pub(crate) async fn retry_unknown<T, F>(mut call: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut repeats = 0;
    loop {
        match call().await {
            Err(StoreError::Unknown(_)) if repeats < REPEATS => repeats += 1,
            Err(StoreError::Unknown(cause)) => return Err(StoreError::Unknown(cause)),
            Err(error) if repeats > 0 => return Err(StoreError::unknown(error)),
            outcome => return outcome,
        }
    }
}

/// One commit against those of other processes. Whoever meets nobody does not look at the time.
#[derive(Debug)]
pub(crate) struct RetryPolicy {
    attempts: u32,
    since: Option<Instant>,
}

impl RetryPolicy {
    /// For a commit that waits `since` then, or else begins with its first conflict.
    pub(crate) fn new(since: Option<Instant>) -> Self {
        Self { attempts: 0, since }
    }

    /// After a try that came too late: whether there is another. Waits where that helps.
    pub(crate) async fn should_retry(&mut self, rng: &dyn Rng) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts.is_multiple_of(ATTEMPTS_PER_BURST) {
            let mut random = [0; 1];
            // Without a random part the pause is merely less fair.
            let _ = rng.fill(&mut random);
            let [random] = random;
            tokio::time::sleep(MAX_PAUSE * (u32::from(random) + 1) / 256).await;
        }
        self.attempts < MIN_ATTEMPTS || since.elapsed() < MAX_ELAPSED
    }
}
