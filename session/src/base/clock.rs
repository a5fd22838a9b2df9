//! Time and randomness, each behind a trait that a test can implement.
//!
//! No other module of this crate reads the system clock or the system's random numbers. Every decision of the engine is
//! therefore a function of its arguments, and no test needs to sleep. Durations (pauses, timeouts, the age of a cache
//! entry) are measured with tokio's clock, which a test can pause.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, in whole milliseconds since the Unix epoch (1970-01-01T00:00:00Z). Leap seconds are not counted.
///
/// ```
/// use std::time::Duration;
///
/// use session::Timestamp;
///
/// let start = Timestamp::from_millis(1_000);
/// let end = start.saturating_add(Duration::from_secs(30));
/// assert_eq!(end.as_millis(), 31_000);
/// assert_eq!(end.duration_since(start), Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point in time `millis` milliseconds after the Unix epoch.
    ///
    /// ```
    /// # use session::Timestamp;
    /// const NEW_YEAR_2026: Timestamp = Timestamp::from_millis(1_767_225_600_000);
    /// assert!(NEW_YEAR_2026 > Timestamp::default());
    /// ```
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The number of milliseconds since the Unix epoch.
    ///
    /// ```
    /// # use session::Timestamp;
    /// assert_eq!(Timestamp::from_millis(7).as_millis(), 7);
    /// assert_eq!(Timestamp::default().as_millis(), 0);
    /// ```
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The point in time `duration` later, in whole milliseconds; at most `u64::MAX` milliseconds after the epoch.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::Timestamp;
    /// let now = Timestamp::from_millis(5);
    /// assert_eq!(now.saturating_add(Duration::from_micros(2_900)).as_millis(), 7);
    /// assert_eq!(now.saturating_add(Duration::MAX).as_millis(), u64::MAX);
    /// ```
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The time that has passed since `earlier`; zero if `earlier` is in fact later.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::Timestamp;
    /// let (one, two) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
    /// assert_eq!(two.duration_since(one), Duration::from_millis(1));
    /// assert_eq!(one.duration_since(two), Duration::ZERO);
    /// ```
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The same point in time by a clock that is `offset` milliseconds ahead (behind, if negative). The result stays
    /// within the range of a timestamp.
    ///
    /// For stores that keep deadlines by the clock of their server.
    ///
    /// ```
    /// # use session::Timestamp;
    /// let now = Timestamp::from_millis(10);
    /// assert_eq!(now.offset(5), Timestamp::from_millis(15));
    /// assert_eq!(now.offset(-15), Timestamp::from_millis(0));
    /// ```
    #[must_use]
    pub fn offset(self, offset: i64) -> Self {
        Self(self.0.saturating_add_signed(offset))
    }
}

/// The last millisecond of the year 9999.
const END_OF_9999: u64 = 253_402_300_799_999;

/// For a page that shows the time. Not every operating system has times beyond the year 9999; a later timestamp becomes
/// the end of that year.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// use session::Timestamp;
///
/// let login = Timestamp::from_millis(1_767_225_600_000);
/// assert_eq!(SystemTime::from(login), UNIX_EPOCH + Duration::from_secs(1_767_225_600));
/// ```
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let since_epoch = Duration::from_millis(time.0.min(END_OF_9999));
        UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// `duration` in whole milliseconds, at most `u64::MAX`.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into())
}

/// A source of the current time.
///
/// The engine reads the clock once per store call, and passes the result to the store. The default is [`SystemClock`].
/// Tests use `session::testing::ManualClock` (feature `testing`), which a test sets by hand.
///
/// ```
/// use session::{Clock, MemoryStore, Session, Sessions, Timestamp};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// struct Frozen;
///
/// impl Clock for Frozen {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_millis(1_767_225_600_000)
///     }
/// }
///
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).clock(Frozen).build()?;
/// # Ok::<(), session::ConfigError>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The current time. The clocks of the servers that share a store should agree within seconds.
    ///
    /// ```
    /// use session::{Clock, SystemClock, Timestamp};
    ///
    /// assert!(SystemClock::default().now() > Timestamp::from_millis(1_767_225_600_000));
    /// ```
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system, and the default [`Clock`]. A time before the Unix epoch is read as the epoch.
///
/// ```
/// use session::{Clock, SystemClock};
///
/// let clock = SystemClock::default();
/// assert!(clock.now().as_millis() > 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis(since_epoch))
    }
}

/// A source of random bytes that an attacker cannot predict.
///
/// Session ids and nonces are made of them. The default is [`SystemRng`], which only a test should replace: anyone who
/// predicts the bytes can take over sessions.
///
/// ```
/// use session::{MemoryStore, Rng, RngError, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// /// A source that fails.
/// struct Broken;
///
/// impl Rng for Broken {
///     fn fill(&self, _bytes: &mut [u8]) -> Result<(), RngError> {
///         Err(RngError::new("no entropy"))
///     }
/// }
///
/// let error = Sessions::<Shop>::builder().store(MemoryStore::new()).rng(Broken).build().unwrap_err();
/// assert!(error.to_string().contains("the source of random bytes failed"));
/// ```
pub trait Rng: Send + Sync + 'static {
    /// Fills all of `bytes` with random bytes.
    ///
    /// # Errors
    ///
    /// If the source fails. The request that needs the bytes fails with [`Unavailable`](crate::ErrorKind::Unavailable),
    /// and nothing is stored: a session with a predictable id would be unsafe.
    ///
    /// ```
    /// use session::{Rng, SystemRng};
    ///
    /// let (mut one, mut other) = ([0; 16], [0; 16]);
    /// SystemRng::default().fill(&mut one)?;
    /// SystemRng::default().fill(&mut other)?;
    /// assert_ne!(one, other);
    /// # Ok::<(), session::RngError>(())
    /// ```
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError>;
}

/// The random number generator of the operating system, for example `getrandom(2)` on Linux; the default [`Rng`].
///
/// ```
/// use session::{Rng, SystemRng};
///
/// let mut key = [0; 32];
/// SystemRng::default().fill(&mut key)?;
/// # Ok::<(), session::RngError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        getrandom::fill(bytes).map_err(|source| RngError(source.to_string()))
    }
}

/// The source of random bytes failed.
///
/// ```
/// use session::RngError;
///
/// assert_eq!(RngError::new("no entropy").to_string(), "no random bytes: no entropy");
/// ```
#[derive(Debug)]
pub struct RngError(String);

impl RngError {
    /// An error with this reason.
    ///
    /// ```
    /// # use session::RngError;
    /// let error = RngError::new("the device is closed");
    /// assert_eq!(error.to_string(), "no random bytes: the device is closed");
    /// ```
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
