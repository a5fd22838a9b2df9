//! What the benches share.

pub mod apps;
pub mod data;
pub mod hand;

use std::process::Command;
use std::time::{Duration, Instant};

/// The time that passes until it is read.
pub struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "benches measure")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn read(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a line to a Redis server takes by hand.
pub async fn connect(url: &str) -> redis::aio::ConnectionManager {
    session_tests::redis_client(url).get_connection_manager().await.expect("a connection")
}

/// Runs this bench with `arguments` under a tool, and reads the numbers behind `label`.
pub fn valgrind<const N: usize>(tool: &str, arguments: &[String], label: &str) -> [f64; N] {
    let output = Command::new("valgrind")
        .args([format!("--tool={tool}"), format!("--{tool}-out-file=/dev/null")])
        .arg(std::env::current_exe().expect("this bench"))
        .args(arguments)
        .output()
        .expect("valgrind, which Debian packages");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let (_, numbers) = text.split_once(label).unwrap_or_else(|| panic!("{text}"));
    let numbers = numbers.lines().next().unwrap_or_default().replace(',', "");
    let mut numbers = numbers.split(' ').filter_map(|word| word.parse().ok());
    std::array::from_fn(|_| numbers.next().expect("a number"))
}

/// Processor seconds of all the processes that this one has waited for, and theirs.
pub fn children_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = fields.split(' ').skip(14).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().expect("ticks")).sum::<f64>() / 100.0
}
