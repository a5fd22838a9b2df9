use std::time::Duration;

use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of a [`RedisStore`](super::RedisStore).
///
/// ```
/// use std::time::Duration;
/// use session::store::RedisOptions;
///
/// let options = RedisOptions::new().prefix("shop:session:").deadline(Duration::from_millis(200));
/// ```
#[derive(Clone, Debug)]
pub struct RedisOptions {
    pub(super) prefix: String,
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
    pub(super) replica_ack: Option<ReplicaAck>,
}

/// How many replicas must confirm a change of privilege, and for how long the server waits for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplicaAck {
    pub(super) replicas: u32,
    pub(super) timeout: Duration,
}

/// Time limits of a connection.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) reply: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "session:".into(), deadline: Duration::from_millis(500), max_bytes: 1 << 20, replica_ack: None }
    }
}

impl RedisOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The beginning of every key. Default: `session:`. Use 1 to 64 visible ASCII characters, without braces.
    ///
    /// A session's key is the prefix and the session's id in braces; the index of a user's sessions is at the prefix,
    /// `user:` and a hash in braces. Stores with different prefixes share no session.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The time limit for a connection, and the time limit for a reply. Default: 500 ms each. Use 1 ms to 60 s.
    ///
    /// A call that exceeds one is [`StoreError::Unavailable`], or [`StoreError::Unknown`] if it may have been applied.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to write, in bytes. Default: 1 MiB. Use 1 KiB to 512 MiB, which is the largest string in
    /// Redis.
    ///
    /// A larger record is [`StoreError::TooLarge`], and nothing is sent.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Confirms a login, logout, rotation or revocation only after `replicas` replicas have it. Default: off.
    ///
    /// Redis replies before its replicas have a write, so a failover can undo a logout. With this setting, the store
    /// sends [`WAIT`](https://redis.io/docs/latest/commands/wait/) with such writes. If too few replicas confirm within
    /// `timeout` (1 ms to 60 s), the call is [`StoreError::Unknown`]: the primary has done it, and the replicas may
    /// still get it.
    ///
    /// A failover to a replica that has not confirmed can undo the write all the same: set `replicas` to the number of
    /// replicas that can be promoted. Each such write takes a round trip between the servers longer; other writes do
    /// not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use session::store::RedisOptions;
    ///
    /// // One primary with two replicas:
    /// let options = RedisOptions::new().replicated(2, Duration::from_millis(200));
    /// ```
    #[must_use]
    pub fn replicated(mut self, replicas: u32, timeout: Duration) -> Self {
        self.replica_ack = Some(ReplicaAck { replicas, timeout });
        self
    }

    pub(super) fn timeouts(&self) -> Timeouts {
        Timeouts { connect: self.deadline, reply: self.deadline }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { prefix, deadline, max_bytes, replica_ack } = self;
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(fits) {
            let text = format!("prefix {prefix:?}: use 1 to 64 visible ASCII characters, no braces");
            return Err(StoreError::Misconfigured(text));
        }
        check_deadline("deadline", *deadline)?;
        check_max_bytes(*max_bytes, 512)?;
        match replica_ack {
            None => Ok(()),
            Some(ReplicaAck { replicas: 0, .. }) => {
                let text = "replicated 0: use the number of replicas that must confirm a logout, at least 1";
                Err(StoreError::Misconfigured(text.into()))
            },
            Some(ReplicaAck { timeout, .. }) => check_deadline("replicated timeout", *timeout),
        }
    }
}
