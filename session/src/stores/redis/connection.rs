//! [`Connection`]: the connection to the server, shared by all requests.

use redis::{Cmd, RedisError, Value};

#[cfg(feature = "redis-cluster")]
use super::cluster::Cluster;
use super::direct::Direct;
use super::pipeline::Replies;
use super::sentinel::Sentinel;

/// The connection to the server that accepts writes.
pub(super) enum Connection {
    /// One server at one address.
    Direct(Box<Direct>),
    /// The server that the sentinels name as the primary.
    Sentinel(Box<Sentinel>),
    /// The nodes of a cluster.
    #[cfg(feature = "redis-cluster")]
    Cluster(Box<Cluster>),
}

impl Connection {
    /// Sends one command.
    ///
    /// Rare paths are boxed, here and in the store: a future is as large as its largest path, and every request makes
    /// several.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::Direct(direct) => direct.send(command).await,
            Self::Sentinel(sentinel) => Box::pin(sentinel.send(command)).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(cluster) => Box::pin(cluster.send(command)).await,
        }
    }

    /// Sends `commands` in their order. Each reply has its own error.
    pub(super) async fn send_all(&self, commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        match self {
            Self::Direct(direct) => direct.send_all(commands).await,
            Self::Sentinel(sentinel) => sentinel.send_all(commands).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(cluster) => Ok(cluster.send_all(commands).await),
        }
    }

    /// As [`send_all`](Self::send_all), for commands about `key` that must reach the same server on the same
    /// connection.
    pub(super) async fn send_to_owner(&self, key: &[u8], commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        match self {
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(cluster) => cluster.send_to_owner(key, commands).await,
            _ => {
                let _ = key;
                self.send_all(commands).await
            },
        }
    }

    /// Whether the connection resends commands by itself. Then an error tells nothing about the earlier attempts.
    pub(super) fn resends(&self) -> bool {
        match self {
            Self::Direct(_) | Self::Sentinel(_) => false,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(_) => true,
        }
    }
}
