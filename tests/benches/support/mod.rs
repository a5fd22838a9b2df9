//! What the benches share.

pub mod apps;
pub mod count;
pub mod data;
pub mod hand;

use std::time::{Duration, Instant};

/// A stopwatch.
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

/// The median, or the upper one of two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The connection that a hand-written handler uses.
pub async fn connect(url: &str) -> redis::aio::ConnectionManager {
    session_tests::redis_client(url).get_connection_manager().await.expect("a connection")
}

/// Processor seconds of all the processes that this one has waited for, and theirs.
pub fn children_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = fields.split(' ').skip(14).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().expect("ticks")).sum::<f64>() / 100.0
}
