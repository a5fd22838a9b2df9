use std::time::Duration;

use super::connection::Patience;
use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of a [`RedisStore`](super::RedisStore).
#[derive(Clone, Debug)]
pub struct RedisOptions {
    pub(super) prefix: String,
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
    pub(super) lasting: Option<Lasting>,
}

/// Which writes count only once replicas have them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting {
    pub(super) replicas: u32,
    pub(super) timeout: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "session:".into(), deadline: Duration::from_millis(500), max_bytes: 1 << 20, lasting: None }
    }
}

impl RedisOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What every key begins with. Default: `session:`. Keys are the prefix and the session's id in braces.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to wait for a connection, and how long for an answer. Default: 500 ms each. At most 60 seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to send. Default: 1 MiB.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Answers a logout, a login or a rotation only when `replicas` replicas have it, and fails when they do not within `timeout`, so that
    /// a failover to any of them undoes none that was answered. Default: off.
    ///
    /// Such a failure is [`StoreError::Unknown`]: the primary has done it, and the replicas may still get it. In a failover to a
    /// replica that was not among those that answered, it can be lost all the same: set `replicas` to all that may become primary.
    /// It costs the time of a round trip between the servers, and nothing for other writes.
    #[must_use]
    pub fn replicated(mut self, replicas: u32, timeout: Duration) -> Self {
        self.lasting = Some(Lasting { replicas, timeout });
        self
    }

    pub(super) fn patience(&self) -> Patience {
        Patience { connection: self.deadline, answer: self.deadline }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { prefix, deadline, max_bytes, lasting } = self;
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(fits) {
            return Err(StoreError::Misconfigured(format!(
                "prefix {prefix:?}: use 1 to 64 visible ASCII characters, no braces"
            )));
        }
        check_deadline("deadline", *deadline)?;
        // The largest string that Redis keeps.
        check_max_bytes(*max_bytes, 512)?;
        match lasting {
            None => Ok(()),
            Some(Lasting { replicas: 0, .. }) => {
                Err(StoreError::Misconfigured("replicated 0: name how many replicas must have a logout".into()))
            },
            Some(Lasting { timeout, .. }) => check_deadline("replicated timeout", *timeout),
        }
    }
}
