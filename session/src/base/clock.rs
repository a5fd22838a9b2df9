//! Time and randomness, each behind a door that tests can hold.
//!
//! Nothing else in this crate asks the machine what time it is or for a random byte, so every decision of the engine is
//! a function of its arguments and no test needs to sleep. How long something waits (a pause, a deadline, the age of what is cached) is a
//! matter of tokio's clock, which a test can pause.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment, in whole milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment plus `duration`; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// How long from `earlier` until this moment; zero if `earlier` is later.
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This moment as a clock shows it that runs `offset` milliseconds ahead.
    #[must_use]
    pub fn offset(self, offset: i64) -> Self {
        Self(self.0.saturating_add_signed(offset))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// Whole milliseconds of `duration`, at most `u64::MAX`.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into())
}

/// Says what time it is.
///
/// The engine asks once per store call and hands the answer to the store. See
/// `session::testing::ManualClock` (feature `testing`) for one that a test turns by hand.
pub trait Clock: Send + Sync + 'static {
    /// The current moment.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis(since_epoch))
    }
}

/// Gives random bytes fit for secrets.
pub trait Rng: Send + Sync + 'static {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    ///
    /// When the source has failed. The request that needed the bytes answers 503 and nothing is stored: a predictable
    /// session id is worse than none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError>;
}

/// The operating system's generator: `getrandom(2)` and its kin.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        getrandom::fill(bytes).map_err(|source| RngError(source.to_string()))
    }
}

/// The source of randomness failed.
#[derive(Debug)]
pub struct RngError(String);

impl RngError {
    /// An error that says `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for RngError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no random bytes: {}", self.0)
    }
}

impl std::error::Error for RngError {}
