//! What the benches share.

pub mod apps;
pub mod count;
pub mod data;
pub mod hand;

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
