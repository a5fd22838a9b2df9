//! Tools for tests (feature `testing`).
//!
//! | you test | with |
//! |---|---|
//! | a store of your own | [`contract`]: the contract of [`Store`](crate::Store), as the stores of this crate keep it |
//! | how an application behaves when its store fails or is slow | [`FailingStore`], which also counts calls |
//! | what races, faults and crashes do to an application | [`simulate`], with a [`World`] |
//! | timeouts, without sleeping | [`ManualClock`] |
//! | that a changed struct still reads older records | [`to_stored`] and [`from_stored`] |
//!
//! ```
//! use std::time::Duration;
//!
//! use session::testing::{FailingStore, ManualClock};
//! use session::{MemoryStore, Session, Sessions};
//!
//! #[derive(Session)]
//! #[session(idle = "30m")]
//! struct Shop {
//!     visits: u64,
//! }
//!
//! let (clock, store) = (ManualClock::new(), FailingStore::new(MemoryStore::new()));
//! let sessions = Sessions::<Shop>::builder().store(store.clone()).clock(clock.clone()).build()?;
//! // … serve requests with `sessions.layer()` …
//! clock.advance(Duration::from_mins(31));
//! // … the next request finds no session.
//! assert_eq!(store.calls().total(), 0);
//! # Ok::<(), session::ConfigError>(())
//! ```
//!
//! The check of a store is one test:
//!
//! ```
//! # use session::MemoryStore as MyStore;
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! // #[tokio::test(flavor = "multi_thread")]
//! let report = session::testing::contract(MyStore::new()).await.unwrap();
//! println!("{report}");
//! # });
//! ```

mod contract;
mod failing;
mod simulation;
mod stored;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use self::contract::{Contract, ContractViolations, Report, contract};
pub use self::failing::{Calls, FailingStore, Fault};
pub use self::simulation::{
    Choices, Exchange, Faults, History, Outcome, Process, Simulated, SimulatedClock, SimulatedRng, SimulatedStore,
    SimulationViolation, World, pause, record, session_of_cookie, simulate,
};
pub use self::stored::{from_stored, to_stored};
use crate::base::clock::{Clock, Timestamp, millis};

/// A clock that moves only when a test moves it. Clones show the same time.
///
/// ```
/// use std::time::Duration;
///
/// use session::testing::ManualClock;
/// use session::{Clock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::from_millis(5_000));
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Timestamp::from_millis(7_000));
/// ```
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }

    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Moves the clock forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManualClock({:?})", self.now())
    }
}
