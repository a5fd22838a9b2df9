//! Two kinds of retry: [`RetryPolicy`] after a conflict, and [`retry_unknown`] after an unknown outcome.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::Rng;
use crate::port::StoreError;

/// A limit on attempts alone does not work: a process that gets little processor time, or whose store answers other
/// processes sooner, loses dozens of attempts within a fraction of a second.
const MAX_ELAPSED: Duration = Duration::from_secs(5);
/// A limit on time alone does not work either: one attempt may wait for a lock for as long, or the process may be
/// stopped.
const MIN_ATTEMPTS: u32 = 16;
/// A conflict brings the fresh record, so an immediate attempt has the best chance: after a pause that record is old.
/// A pause of random length after every fourth attempt keeps two processes from conflicting in step.
const ATTEMPTS_PER_BURST: u32 = 4;
const MAX_PAUSE: Duration = Duration::from_millis(8);

/// How often a call whose outcome is unknown is sent again.
const REPEATS: u32 = 2;

/// Sends `call` again while its outcome is unknown, at most twice. Only for calls that may be repeated: a commit, which
/// its operation id identifies, so that it is applied once; and removals.
///
/// # Errors
///
/// The error of the last attempt. After an unknown outcome every error is [`StoreError::Unknown`]: an earlier attempt
/// may have been applied, whatever the last error says.
pub(crate) fn retry_unknown<T, F>(mut call: impl FnMut() -> F) -> impl Future<Output = Result<T, StoreError>>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut repeats = 0;
    // An `async fn` would hold `call` twice.
    async move {
        loop {
            match call().await {
                Err(StoreError::Unknown(_)) if repeats < REPEATS => repeats += 1,
                Err(StoreError::Unknown(cause)) => return Err(StoreError::Unknown(cause)),
                Err(error) if repeats > 0 => return Err(StoreError::unknown(error)),
                outcome => return outcome,
            }
        }
    }
}

/// The attempts of one commit. Without a conflict it never reads the clock.
#[derive(Debug)]
pub(crate) struct RetryPolicy {
    attempts: u32,
    since: Option<Instant>,
}

impl RetryPolicy {
    /// `since` is when the commit began to wait in its process's queue; `None` counts from the first conflict.
    pub(crate) fn new(since: Option<Instant>) -> Self {
        Self { attempts: 0, since }
    }

    /// Counts a conflict, pauses if one is due, and says whether to try again.
    pub(crate) async fn should_retry(&mut self, rng: &dyn Rng) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts.is_multiple_of(ATTEMPTS_PER_BURST) {
            let mut random = [0; 1];
            // If no random bytes are available, the pause is only less evenly spread.
            let _ = rng.fill(&mut random);
            let [random] = random;
            tokio::time::sleep(MAX_PAUSE * (u32::from(random) + 1) / 256).await;
        }
        self.attempts < MIN_ATTEMPTS || since.elapsed() < MAX_ELAPSED
    }
}
