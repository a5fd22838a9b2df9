//! [`Report`] and [`ContractViolations`]: the results of a run.

use std::fmt;

/// What a [`Contract`](super::Contract) has checked on a store that keeps it. `Display` prints it in one line.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let store = session::MemoryStore::new();
/// let report = session::testing::Contract::new(store).rounds(100).check().await.unwrap();
/// println!("{report}");
/// assert!(report.checks() > 100 && report.races() > 100 && report.histories() > 0);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub(super) checks: u64,
    pub(super) races: u64,
    pub(super) calls: u64,
    pub(super) sequences: u64,
    pub(super) histories: u64,
    pub(super) undecided: u64,
    pub(super) cancellations: u64,
    pub(super) garbled: u64,
    pub(super) failed_calls: u64,
}

impl Report {
    /// The number of checked statements.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// The number of races between concurrent calls on one record.
    pub fn races(&self) -> u64 {
        self.races
    }

    /// The number of random sequences of calls that were compared with the model.
    pub fn sequences(&self) -> u64 {
        self.sequences
    }

    /// The number of histories of concurrent clients that were found linearizable.
    pub fn histories(&self) -> u64 {
        self.histories - self.undecided
    }

    /// The number of calls in those sequences and histories.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The number of calls that were cancelled before they returned, without those in histories.
    pub fn cancellations(&self) -> u64 {
        self.cancellations
    }

    /// The number of calls that failed, and were made again or had no certain outcome.
    pub fn failed_calls(&self) -> u64 {
        self.failed_calls
    }

    /// The number of writes with a garbled answer.
    pub fn garbled(&self) -> u64 {
        self.garbled
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checks, races, calls, sequences, undecided, cancellations, garbled, failed_calls, .. } = self;
        let histories = self.histories();
        write!(
            f,
            "{checks} checks, {races} races, {calls} calls in {sequences} sequences and {histories} histories, \
             {cancellations} cancelled calls, 0 anomalies"
        )?;
        for (number, what) in [
            (undecided, "histories not decided"),
            (garbled, "writes with a garbled answer"),
            (failed_calls, "calls failed"),
        ] {
            if *number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        Ok(())
    }
}

/// How a store breaks the contract. `Display` and `Debug` print one violation per line.
///
/// ```
/// # use session::testing::{Contract, FailingStore, Fault};
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let store = FailingStore::new(session::MemoryStore::new());
/// store.fail(Fault::Before); // every call fails
/// let violations = Contract::new(store).rounds(100).check().await.unwrap_err();
/// assert!(violations.list()[0].starts_with("a call failed: the session store is unavailable"));
/// assert!(violations.list()[1].contains("20 load, of which 20 failed"), "{violations}");
/// # });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ContractViolations(pub(super) Vec<String>);

impl ContractViolations {
    /// The violations, each as a sentence. Those that a random sequence or history has found name the seed. The last
    /// text is an account of the calls and of their errors.
    pub fn list(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ContractViolations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store breaks the contract of `session::Store`:")?;
        self.0.iter().try_for_each(|violation| write!(f, "\n  - {violation}"))
    }
}

impl fmt::Debug for ContractViolations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ContractViolations {}
