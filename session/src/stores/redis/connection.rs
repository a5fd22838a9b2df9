//! [`Line`]: the way to the server, shared by all requests.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, Value};

#[cfg(feature = "redis-cluster")]
use super::cluster::Cluster;
use super::sentinel::Sentinel;
use crate::port::StoreError;

/// How to reach whoever takes writes.
pub(super) enum Line {
    /// One server at one address.
    Direct(Box<Direct>),
    /// The one of several servers that the sentinels call the primary.
    Sentinel(Box<Sentinel>),
    /// The nodes of a cluster.
    #[cfg(feature = "redis-cluster")]
    Cluster(Cluster),
}

/// How long to wait for a connection, and how long for an answer.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub(super) connection: Duration,
    pub(super) answer: Duration,
}

/// Answers to several commands, each with its own error.
pub(super) type Answers = Vec<Result<Value, RedisError>>;

impl Line {
    /// Sends one command.
    ///
    /// What is rare is in a box of its own, here and in the store: a future is as large as the largest of its ways, and each request
    /// makes some.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::Direct(line) => {
                // Not `query_async`, which would put this into a box of its own.
                line.note(line.connection().send_packed_command(command).await.and_then(Value::extract_error))
            },
            Self::Sentinel(line) => Box::pin(line.send(command)).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(line) => Box::pin(line.send(command)).await,
        }
    }

    /// Sends `commands` one after the other. One may fail without the others.
    pub(super) async fn all(&self, commands: Vec<Cmd>) -> Result<Answers, RedisError> {
        match self {
            Self::Direct(line) => {
                let answers = line.note(all(&mut line.connection(), commands).await)?;
                Ok(answers.into_iter().map(|answer| line.note(answer)).collect())
            },
            Self::Sentinel(line) => line.all(commands).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(line) => Ok(line.all(commands).await),
        }
    }

    /// As [`all`](Self::all), for commands that concern `key` and must reach the same server along the same connection.
    pub(super) async fn together(&self, key: &[u8], commands: Vec<Cmd>) -> Result<Answers, RedisError> {
        match self {
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(line) => line.together(key, commands).await,
            _ => {
                let _ = key;
                self.all(commands).await
            },
        }
    }

    /// Whether a command is sent again by the line itself: then an error says nothing about the first try.
    pub(super) fn repeats(&self) -> bool {
        match self {
            Self::Direct(_) | Self::Sentinel(_) => false,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(_) => true,
        }
    }
}

/// A connection that is opened again when it breaks.
pub(super) struct Direct {
    client: Client,
    patience: Patience,
    connection: RwLock<ConnectionManager>,
}

impl Direct {
    pub(super) fn new(client: Client, patience: Patience) -> Result<Self, StoreError> {
        let connection =
            open(&client, patience).map_err(|error| StoreError::Misconfigured(format!("Redis connection: {error}")))?;
        Ok(Self { client, patience, connection: RwLock::new(connection) })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn connection(&self) -> ConnectionManager {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hangs up on a server that turned out to be a replica: the client would keep the line, and behind the same address there may
    /// be a new primary by now.
    fn note<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && is_demoted(error)
            && let Ok(fresh) = open(&self.client, self.patience)
        {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        answer
    }
}

fn open(client: &Client, patience: Patience) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(patience.connection))
        .set_response_timeout(Some(patience.answer))
        // Each request that finds the line dead tries once; none waits for a row of tries.
        .set_number_of_retries(0);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// Whether this server is none that takes writes, or none any more.
pub(super) fn is_demoted(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}

pub(super) async fn all(connection: &mut impl ConnectionLike, commands: Vec<Cmd>) -> Result<Answers, RedisError> {
    let mut pipeline = Pipeline::with_capacity(commands.len());
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline.ignore_errors().query_async(connection).await
}
