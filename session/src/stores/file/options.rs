use std::time::Duration;

use crate::port::{Record, StoreError};

/// Settings of a [`FileStore`](super::FileStore).
#[derive(Clone, Debug)]
pub struct FileOptions {
    pub(super) deadline: Duration,
    max_bytes: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(1), max_bytes: 1 << 20 }
    }
}

impl FileOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait for other tasks, for other processes, and for the file system. Default: a second each. At most 60
    /// seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to write. Default: 1 MiB.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { deadline, max_bytes } = self;
        let complaint = if *deadline < Duration::from_millis(1) || *deadline > Duration::from_mins(1) {
            format!("deadline {deadline:?}: use a millisecond to a minute")
        } else if *max_bytes < 1024 || *max_bytes > 16 << 20 {
            format!("max_bytes {max_bytes}: use 1 KiB to 16 MiB")
        } else {
            return Ok(());
        };
        Err(StoreError::Misconfigured(complaint))
    }

    pub(super) fn fits(&self, record: &Record) -> Result<(), StoreError> {
        let (size, limit) = (record.encoded_len(), self.max_bytes);
        if size > limit { Err(StoreError::TooLarge { size, limit }) } else { Ok(()) }
    }
}
