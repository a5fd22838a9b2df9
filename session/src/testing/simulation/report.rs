//! The result of a simulation: [`Simulated`], or a [`Violation`](SimulationViolation) with its trace.

use std::fmt;

/// A run without a violation: the result of [`simulate`](super::simulate()).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Simulated {
    /// How many requests the run had, with the closing ones.
    pub requests: usize,
    /// How many events it had.
    pub events: u64,
}

/// A run that broke a rule: its trace, after it was reduced to what is needed.
///
/// `Display` shows the trace, and the seed to run it again.
#[derive(Clone, Debug)]
pub struct SimulationViolation {
    pub(super) seed: u64,
    pub(super) rule: String,
    pub(super) trace: Vec<(u64, String)>,
}

impl SimulationViolation {
    /// The seed that shows the violation.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What was broken, as the judge has put it.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The lines of the trace.
    pub fn trace(&self) -> impl Iterator<Item = &str> {
        self.trace.iter().map(|(_, line)| &**line)
    }
}

impl fmt::Display for SimulationViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the simulation with seed {} broke a rule: {}", self.seed, self.rule)?;
        self.trace.iter().try_for_each(|(number, line)| writeln!(f, "{number:>5}  {line}"))?;
        write!(f, "to see it again: `simulate({}, &world)`", self.seed)
    }
}

impl std::error::Error for SimulationViolation {}
