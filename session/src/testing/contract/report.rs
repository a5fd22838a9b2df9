use std::fmt;

/// What a [`Contract`](super::Contract) has checked, and found in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub(super) checks: u64,
    pub(super) races: u64,
    pub(super) calls: u64,
    pub(super) sequences: u64,
    pub(super) histories: u64,
    pub(super) undecided: u64,
    pub(super) cancellations: u64,
}

impl Report {
    /// How many statements were checked.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// How many races were run.
    pub fn races(&self) -> u64 {
        self.races
    }

    /// How many sequences of calls were compared with the naive model.
    pub fn sequences(&self) -> u64 {
        self.sequences
    }

    /// How many histories of concurrent clients were explained by one order of their calls.
    pub fn histories(&self) -> u64 {
        self.histories - self.undecided
    }

    /// How many calls those sequences and histories had.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// How many calls were given up before they came to an end, not counting those in histories.
    pub fn cancellations(&self) -> u64 {
        self.cancellations
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checks, races, calls, sequences, undecided, cancellations, .. } = self;
        let histories = self.histories();
        write!(
            f,
            "{checks} checks, {races} races, {calls} calls in {sequences} sequences and {histories} histories, \
             {cancellations} calls given up, 0 anomalies"
        )?;
        if *undecided > 0 { write!(f, ", {undecided} histories too long to judge") } else { Ok(()) }
    }
}

/// What a store did against the contract.
#[derive(Clone, PartialEq, Eq)]
pub struct ContractViolations(pub(super) Vec<String>);

impl ContractViolations {
    /// Each of them, as a sentence.
    pub fn list(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ContractViolations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store breaks its contract:")?;
        self.0.iter().try_for_each(|violation| write!(f, "\n  - {violation}"))
    }
}

impl fmt::Debug for ContractViolations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ContractViolations {}
