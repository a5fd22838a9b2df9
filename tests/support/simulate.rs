//! Runs the simulation: `simulate SECONDS [FIRST_SEED [MIX [RULE]]]`. It prints how many runs it made, and the first
//! violation. With `SIMULATION_SURVEY` it goes on, and prints a few lines for each violation.

#[path = "simulation/mod.rs"]
mod simulation;

use std::time::{Duration, Instant};

use session::testing::{Faults, simulate};

use self::simulation::{Mix, RULES, world};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
    let (seconds, first) = (number(0).unwrap_or(10), number(1).unwrap_or(0));
    let mix = arguments.get(2).map_or("", String::as_str);
    let rules = arguments.get(3).cloned().unwrap_or_default();
    let rules: Vec<&'static str> = match &*rules {
        "" => RULES.to_vec(),
        rules => RULES.into_iter().filter(|rule| rules.split(',').any(|wanted| wanted == *rule)).collect(),
    };
    let mixes = match mix {
        "data" => vec![Mix::Data],
        "logins" => vec![Mix::Logins],
        _ => vec![Mix::Data, Mix::Logins],
    };
    let mut faults = Faults::all();
    if std::env::var_os("SIMULATION_FAILOVER").is_some() {
        faults.failover = 40;
    }
    faults.twins = std::env::var_os("SIMULATION_TWINS").is_some();
    let worlds: Vec<_> = mixes
        .into_iter()
        .map(|mix| {
            let rules = rules.clone();
            world(mix, faults.clone(), move |rule| rules.contains(&rule))
        })
        .collect();
    let is_survey = std::env::var_os("SIMULATION_SURVEY").is_some();
    #[expect(clippy::disallowed_methods, reason = "measures this program, not a session")]
    let began = Instant::now();
    let (mut runs, mut violations, mut requests, mut events) = (0_u64, 0, 0, 0);
    for seed in first.. {
        for world in &worlds {
            match simulate(seed, world) {
                Ok(simulated) => (requests, events) = (requests + simulated.requests, events + simulated.events),
                Err(violation) if is_survey => {
                    violations += 1;
                    println!("{:.1} s, seed {seed}: {}", began.elapsed().as_secs_f64(), violation.rule());
                    let shown = |line: &&str| {
                        let is_request = line.starts_with("request ") && line.contains(" to process ");
                        let faults = [" is refused", " is delayed", " is lost", "answer lost", "once more", "failover"];
                        is_request && !line.contains("an old cookie") || faults.iter().any(|fault| line.contains(fault))
                    };
                    violation.trace().filter(shown).for_each(|line| println!("    {line}"));
                },
                Err(violation) => {
                    println!("after {runs} runs in {:?}:\n{violation}", began.elapsed());
                    std::process::exit(1);
                },
            }
            runs += 1;
        }
        if began.elapsed() > Duration::from_secs(seconds) {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{runs} runs in {seconds:.1} s: {:.0} a second, {:.0} an hour; {requests} requests, {events} events, \
         {violations} violations",
        runs as f64 / seconds,
        runs as f64 / seconds * 3_600.0
    );
}
