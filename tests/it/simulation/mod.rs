//! Many runs of the simulation: several processes over one store, with faults, and handlers that do everything a
//! handler can do.
//!
//! `SIMULATION_SEEDS` is the number of seeds for each world, and `SIMULATION_FIRST` the first one.

mod cases;

use session::testing::{Faults, World, simulate};
use session_tests::print_figure;
use session_tests::simulation::{Mix, Step, world};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn hold(name: &str, seeds: u64, world: &World<Step>) {
    let (first, seeds) = (number("SIMULATION_FIRST", 0), number("SIMULATION_SEEDS", seeds));
    let mut requests = 0;
    for seed in first..first + seeds {
        match simulate(seed, world) {
            Ok(simulated) => requests += simulated.requests,
            Err(violation) => panic!("{violation}"),
        }
    }
    print_figure(format_args!("simulation, {name}"), format_args!("{seeds} runs, {requests} requests, 0 violations"));
}

#[test]
fn rules_hold_without_resets() {
    hold("data", 3_000, &world(Mix::Data, Faults::all(), |_| true));
}

#[test]
fn rules_hold_with_logins_and_logouts() {
    hold("logins", 3_000, &world(Mix::Logins, Faults::all(), |_| true));
}

/// What is confirmed after a failover is not lost, although revisions count from an older one again.
#[test]
fn rules_hold_after_a_failover() {
    let mut faults = Faults::all();
    faults.failover = 40;
    hold("failover", 2_000, &world(Mix::Data, faults, |_| true));
}

/// A copied image of a process repeats the number that names its commits.
#[test]
fn rules_hold_with_copies_of_one_process() {
    let mut faults = Faults::all();
    faults.twins = true;
    hold("copies", 2_000, &world(Mix::Data, faults, |_| true));
}

/// The same seed gives the same run, event for event.
#[test]
fn a_seed_gives_one_run() {
    let world = world(Mix::Logins, Faults::all(), |_| false);
    for seed in 0..50 {
        assert_eq!(simulate(seed, &world).unwrap(), simulate(seed, &world).unwrap());
    }
}
