//! [`Plan`]: what a run is to do, and [`Finished`]: how it has ended.

use std::fmt::Debug;

use super::choices::Choices;
use super::faults::Faults;
use super::world::World;

/// What a run is to do, except for the order of events and the faults.
#[derive(Clone, Debug)]
pub(super) struct Plan<Step> {
    pub(super) processes: u32,
    pub(super) browsers: u32,
    /// How many requests are under way at once, at most.
    pub(super) concurrency: usize,
    pub(super) faults: Faults,
    /// Of the random bytes of the processes.
    pub(super) seed: u64,
    pub(super) requests: Vec<Planned<Step>>,
    /// The closing requests that are left out.
    pub(super) left_out: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Planned<Step> {
    pub(super) browser: usize,
    pub(super) steps: Vec<Step>,
}

/// How a run has ended.
pub(super) struct Finished {
    pub(super) violation: Option<String>,
    pub(super) tape: Vec<u32>,
    pub(super) trace: Vec<(u64, String)>,
    pub(super) requests: usize,
    pub(super) closing: usize,
    pub(super) events: u64,
}

impl Finished {
    pub(super) fn failed(violation: String) -> Self {
        Self { violation: Some(violation), tape: Vec::new(), trace: Vec::new(), requests: 0, closing: 0, events: 0 }
    }
}

/// The plan of the run with `seed`: each run has its own number of processes and of requests at once, and its own
/// selection of faults.
pub(super) fn plan<Step: Clone + Debug + 'static>(seed: u64, world: &World<Step>) -> Plan<Step> {
    let mut choices = Choices::new(!seed);
    let mut faults = world.faults.clone();
    let is_calm = choices.once_in(4);
    for rate in faults.rates() {
        if is_calm || choices.once_in(2) {
            *rate = 0;
        }
    }
    let processes = 1 + choices.below(world.processes);
    let browsers = 1 + choices.below(world.browsers);
    let concurrency = 1 + choices.below(5);
    let count = 1 + choices.below(world.max_requests);
    let requests = (0..count).map(|_| {
        let browser = usize::try_from(choices.below(browsers)).unwrap_or_default();
        let steps = world.requests.as_ref().map(|steps| steps(&mut choices)).unwrap_or_default();
        Planned { browser, steps }
    });
    let requests = requests.collect();
    let concurrency = usize::try_from(concurrency).unwrap_or(1);
    Plan { processes, browsers, concurrency, faults, seed, requests, left_out: Vec::new() }
}
