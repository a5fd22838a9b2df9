//! [`Sweeper`]: gives the room of expired sessions back, on time and for ever.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::{Timestamp, millis};
use crate::base::error::Error;
use crate::engine::commit::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::sessions::Sessions;

/// Sweeps a store again and again. It does nothing by itself: spawn what [`run`](Self::run) returns.
///
/// ```no_run
/// # use std::time::Duration;
/// # use session::store::MemoryStore;
/// # use session::{Session, Sessions};
/// # #[derive(Session)]
/// # struct Shop { visits: u64 }
/// # async fn example() -> Result<(), session::ConfigError> {
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
/// let sweeper = sessions.sweeper().every(Duration::from_mins(10));
/// tokio::spawn(sweeper.clone().run());
/// // Where the server says how it is:
/// let healthy = sweeper.last_success().is_some();
/// # Ok(()) }
/// ```
///
/// Expired sessions are absent with or without it. Several processes may sweep one store: the pauses between sweeps are of
/// random length, and sweepers that meet pass each other by. Redis expires records itself and needs none.
#[derive(Clone)]
pub struct Sweeper {
    engine: Arc<Engine>,
    every: Duration,
    batch: usize,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// When a sweep was last finished, in milliseconds since the Unix epoch. Zero for never.
    last_success: AtomicU64,
    removed: AtomicU64,
}

impl<S: Schema> Sessions<S> {
    /// A sweeper for the store: every five minutes, a thousand records at a time.
    pub fn sweeper(&self) -> Sweeper {
        let engine = Arc::clone(&self.engine);
        Sweeper { engine, every: Duration::from_mins(5), batch: 1_000, shared: Arc::default() }
    }
}

impl Sweeper {
    /// How long to pause between sweeps, on average: each pause is half to one and a half times as long. At least a second.
    #[must_use]
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_secs(1));
        self
    }

    /// How many records to remove with one call, so that no call takes long. At least one.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch.max(1);
        self
    }

    /// Sweeps until it is dropped. A failed sweep is logged, and the next one is made as if nothing had happened.
    pub async fn run(self) {
        loop {
            match self.sweep().await {
                Ok(removed) => tracing::debug!(removed, "expired sessions swept"),
                Err(error) => tracing::warn!(%error, "expired sessions could not be swept; they stay absent"),
            }
            tokio::time::sleep(self.engine.jittered(self.every)).await;
        }
    }

    /// Sweeps once, batch by batch until none is full, and answers how many records are gone.
    ///
    /// # Errors
    ///
    /// Those of the store. What was removed before is removed.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let mut removed = 0;
        loop {
            let batch = self.engine.sweep(self.batch).await?;
            removed += batch;
            self.shared.removed.fetch_add(batch as u64, Ordering::Relaxed);
            if batch < self.batch {
                break;
            }
            // Whoever else has something to do goes first.
            tokio::task::yield_now().await;
        }
        self.shared.last_success.store(self.engine.now().as_millis(), Ordering::Relaxed);
        Ok(removed)
    }

    /// When a sweep of this sweeper or a clone of it was last finished.
    pub fn last_success(&self) -> Option<Timestamp> {
        let last = self.shared.last_success.load(Ordering::Relaxed);
        (last != 0).then(|| Timestamp::from_millis(last))
    }

    /// How many records it has removed, with its clones.
    pub fn removed(&self) -> u64 {
        self.shared.removed.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Sweeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweeper")
            .field("every_ms", &millis(self.every))
            .field("last_success", &self.last_success())
            .finish_non_exhaustive()
    }
}
