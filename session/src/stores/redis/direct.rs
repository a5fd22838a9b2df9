//! [`Direct`]: a connection to one server at one address.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, RedisError, Value};

use super::current::Current;
use super::options::Timeouts;
use super::pipeline::{Replies, pipeline};
use super::reply::{is_demoted, is_out_of_step};
use crate::port::StoreError;

/// A connection that is opened again when it breaks.
pub(super) struct Direct {
    client: Client,
    timeouts: Timeouts,
    current: Current<ConnectionManager>,
}

impl Direct {
    pub(super) fn new(client: Client, timeouts: Timeouts) -> Result<Self, StoreError> {
        let manager =
            open(&client, timeouts).map_err(|error| StoreError::Misconfigured(format!("Redis connection: {error}")))?;
        Ok(Self { client, timeouts, current: Current::new(manager) })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let (mut manager, number) = self.current.get();
        // Not `query_async`, which boxes the future of every command.
        let result = manager.send_packed_command(command).await.and_then(Value::extract_error);
        self.replace_if_unusable(number, result)
    }

    pub(super) async fn send_all(&self, commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        let (mut manager, number) = self.current.get();
        let result = pipeline(&mut manager, commands).await;
        let replies = self.replace_if_unusable(number, result)?;
        Ok(replies.into_iter().map(|reply| self.replace_if_unusable(number, reply)).collect())
    }

    /// Replaces the connection, unless another request has, if the server has become a replica: the client would keep
    /// it open, while the same address may lead to a new primary by now. Also if its replies may be out of step.
    fn replace_if_unusable<T>(&self, number: u64, result: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &result
            && (is_demoted(error) || is_out_of_step(error))
        {
            self.current.replace(number, || open(&self.client, self.timeouts).ok());
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
