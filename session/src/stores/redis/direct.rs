//! [`Direct`]: a connection to one server at one address.

use std::sync::{PoisonError, RwLock};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, RedisError, Value};

use super::options::Timeouts;
use super::pipeline::{Replies, pipeline};
use super::reply::is_demoted;
use crate::port::StoreError;

/// A connection that is opened again when it breaks.
pub(super) struct Direct {
    client: Client,
    timeouts: Timeouts,
    manager: RwLock<ConnectionManager>,
}

impl Direct {
    pub(super) fn new(client: Client, timeouts: Timeouts) -> Result<Self, StoreError> {
        let manager =
            open(&client, timeouts).map_err(|error| StoreError::Misconfigured(format!("Redis connection: {error}")))?;
        Ok(Self { client, timeouts, manager: RwLock::new(manager) })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        // Not `query_async`, which boxes the future of every command.
        let result = self.manager().send_packed_command(command).await.and_then(Value::extract_error);
        self.reconnect_if_demoted(result)
    }

    pub(super) async fn send_all(&self, commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        let result = pipeline(&mut self.manager(), commands).await;
        let replies = self.reconnect_if_demoted(result)?;
        Ok(replies.into_iter().map(|reply| self.reconnect_if_demoted(reply)).collect())
    }

    fn manager(&self) -> ConnectionManager {
        self.manager.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the connection if the server has become a replica. The client would keep it open, while the same
    /// address may lead to a new primary by now.
    fn reconnect_if_demoted<T>(&self, result: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &result
            && is_demoted(error)
            && let Ok(fresh) = open(&self.client, self.timeouts)
        {
            *self.manager.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        result
    }
}

/// A connection that is made when it is first used.
fn open(client: &Client, timeouts: Timeouts) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeouts.connect))
        .set_response_timeout(Some(timeouts.reply))
        // A request that finds the connection broken tries to connect once, so that it fails within the deadline.
        .set_number_of_retries(0);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}
