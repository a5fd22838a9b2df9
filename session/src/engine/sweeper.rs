//! [`Sweeper`]: removes expired sessions regularly.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::{Timestamp, millis};
use crate::base::error::Error;
use crate::base::steady::SteadyTime;
use crate::engine::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::sessions::Sessions;

/// Removes expired sessions from a store at intervals. It does nothing by itself: spawn the future of
/// [`run`](Self::run).
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
/// // In a health check:
/// let healthy = sweeper.last_success().is_some();
/// # Ok(()) }
/// ```
///
/// An expired session counts as absent with or without a sweeper. Several processes may sweep one store: the pauses
/// between sweeps have a random length, and concurrent sweeps do not disturb each other. Redis expires records itself
/// and needs no sweeper.
#[derive(Clone)]
pub struct Sweeper {
    engine: Arc<Engine>,
    every: Duration,
    batch: usize,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// When the last sweep ended, in milliseconds since the Unix epoch. Zero if none has.
    last_success: AtomicU64,
    removed: AtomicU64,
    steady: SteadyTime,
}

impl<S: Schema> Sessions<S> {
    /// A sweeper for the store. Default: every five minutes, a thousand records per call.
    ///
    /// ```
    /// # use session::{Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// fn start(sessions: &Sessions<Shop>) {
    ///     tokio::spawn(sessions.sweeper().run());
    /// }
    /// ```
    pub fn sweeper(&self) -> Sweeper {
        let engine = Arc::clone(&self.engine);
        Sweeper { engine, every: Duration::from_mins(5), batch: 1_000, shared: Arc::default() }
    }
}

impl Sweeper {
    /// The average pause between sweeps: each pause is half to one and a half times as long. Default: five minutes. At
    /// least a second.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// # fn example(sessions: Sessions<Shop>) {
    /// let hourly = sessions.sweeper().every(Duration::from_hours(1));
    /// # }
    /// ```
    #[must_use]
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_secs(1));
        self
    }

    /// How many records one store call removes at most, so that no call takes long. Default: a thousand. At least one.
    ///
    /// ```
    /// # use session::{Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// # fn example(sessions: Sessions<Shop>) {
    /// let gentle = sessions.sweeper().batch(100);
    /// # }
    /// ```
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch.max(1);
        self
    }

    /// Sweeps until the future is dropped. A failed sweep is logged, and the next one comes at its usual time.
    ///
    /// If the clock jumps ahead, what expires by the jump is removed only when the clock has stayed there for ten
    /// minutes: it may jump back.
    ///
    /// ```
    /// # use session::Sweeper;
    /// fn start(sweeper: &Sweeper) {
    ///     tokio::spawn(sweeper.clone().run());
    /// }
    /// ```
    pub async fn run(self) {
        loop {
            let now = self.shared.steady.confirmed(self.engine.now());
            match self.sweep_at(now).await {
                Ok(removed) => tracing::debug!(removed, "expired sessions removed"),
                Err(error) => {
                    let cause = error.source();
                    tracing::warn!(%error, ?cause, "expired sessions could not be removed; they count as absent");
                },
            }
            tokio::time::sleep(self.engine.jittered(self.every)).await;
        }
    }

    /// Sweeps once: removes batches until one is not full. Answers how many records it removed.
    ///
    /// # Errors
    ///
    /// The errors of the store. Records that were removed before stay removed.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let sweeper = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?.sweeper();
    /// assert_eq!(sweeper.last_success(), None);
    /// assert_eq!(sweeper.sweep().await?, 0);
    /// assert!(sweeper.last_success().is_some());
    /// # Ok::<(), session::BoxError>(()) })?;
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub async fn sweep(&self) -> Result<usize, Error> {
        self.sweep_at(self.engine.now()).await
    }

    async fn sweep_at(&self, now: Timestamp) -> Result<usize, Error> {
        let mut removed = 0;
        loop {
            let batch = self.engine.sweep(self.batch, now).await?;
            removed += batch;
            self.shared.removed.fetch_add(batch as u64, Ordering::Relaxed);
            if batch < self.batch {
                break;
            }
            // Requests on this thread go first.
            tokio::task::yield_now().await;
        }
        self.shared.last_success.store(self.engine.now().as_millis(), Ordering::Relaxed);
        Ok(removed)
    }

    /// When the last successful sweep of this sweeper or of a clone ended. `None` before the first one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{Sweeper, Timestamp};
    /// fn is_healthy(sweeper: &Sweeper, now: Timestamp) -> bool {
    ///     sweeper.last_success().is_some_and(|last| now.duration_since(last) < Duration::from_hours(1))
    /// }
    /// ```
    pub fn last_success(&self) -> Option<Timestamp> {
        let last = self.shared.last_success.load(Ordering::Relaxed);
        (last != 0).then(|| Timestamp::from_millis(last))
    }

    /// How many records this sweeper and its clones have removed.
    ///
    /// ```
    /// # use session::Sweeper;
    /// fn metrics(sweeper: &Sweeper) -> String {
    ///     format!("sessions_swept_total {}", sweeper.removed())
    /// }
    /// ```
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
