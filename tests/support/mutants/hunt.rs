//! Deletes each guard in turn, in a copy of the crate in which that is a switch, and simulates until a rule is broken:
//! `hunt SECONDS [NUMBER]`. A seed counts if it breaks no rule while all guards are there.

mod guards;
mod simulation;

use std::time::{Duration, Instant};

use session::mutants::delete;
use session::testing::{Faults, simulate};

use self::guards::GUARDS;
use self::simulation::{Mix, world};

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let seconds = arguments.first().copied().unwrap_or(60);
    let worlds = [Mix::Data, Mix::Logins].map(|mix| world(mix, Faults::all(), |_| true).reduce(false));
    let mut missed = 0;
    for (index, guard) in GUARDS.iter().enumerate() {
        let number = index + 1;
        if arguments.get(1).is_some_and(|only| *only != number) {
            continue;
        }
        let began = Instant::now();
        let mut seeds = (0_u64..).flat_map(|seed| worlds.iter().map(move |world| (seed, world)));
        let found = seeds.by_ref().take_while(|_| began.elapsed() < Duration::from_secs(seconds as u64)).find_map(
            |(seed, world)| {
                delete(number);
                let violation = simulate(seed, world).err()?;
                delete(0);
                simulate(seed, world).is_ok().then_some((seed, violation))
            },
        );
        match found {
            Some((seed, violation)) => {
                let (seconds, rule) = (began.elapsed().as_secs_f64(), violation.rule());
                println!("{number:>2} found   {seconds:>5.1} s  seed {seed:<6} {}: {rule}", guard.name);
            },
            None => {
                missed += 1;
                println!("{number:>2} missed                        {}", guard.name);
            },
        }
    }
    println!("{} of {} guards: found when deleted", GUARDS.len() - missed, GUARDS.len());
    std::process::exit(i32::from(missed > 0));
}
