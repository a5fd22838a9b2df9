//! Tools for tests: a clock to turn by hand, a store that fails on demand, and the executable contract of
//! [`Store`](crate::Store).
//!
//! ```
//! use session::store::MemoryStore;
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! // Anybody's store passes the same checks as the ones of this crate.
//! let report = session::testing::contract(MemoryStore::new()).await.unwrap();
//! assert!(report.checks() > 10);
//! # });
//! ```

mod contract;
mod failing;
mod stored;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use self::contract::{Contract, ContractViolations, Report, contract};
pub use self::failing::{Calls, FailingStore, Fault};
pub use self::stored::{from_stored, to_stored};
use crate::base::clock::{Clock, Timestamp, millis};

/// A clock that moves when it is told to. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows the beginning of 2026.
    pub fn new() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }

    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Moves it forward.
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
