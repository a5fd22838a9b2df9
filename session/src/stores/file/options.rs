//! [`FileOptions`].

use std::time::Duration;

use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of a [`FileStore`](super::FileStore).
///
/// ```
/// use std::time::Duration;
/// use session::store::FileOptions;
///
/// let options = FileOptions::new().deadline(Duration::from_secs(5)).max_bytes(64 * 1024);
/// ```
#[derive(Clone, Debug)]
pub struct FileOptions {
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(1), max_bytes: 1 << 20 }
    }
}

impl FileOptions {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a call waits for other tasks, for other processes, and for the file system: each of the three, at most.
    /// Default: 1 s. From 1 ms to 60 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to write, in bytes. Default: 1 MiB. From 1 KiB to 16 MiB.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_deadline("deadline", self.deadline)?;
        check_max_bytes(self.max_bytes, 16)
    }
}
