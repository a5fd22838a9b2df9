//! How the store sends commands, and what it makes of records on their way to the server and back.

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

use super::RedisStore;
use super::options::ReplicaAck;
use super::reply::{describe, read_error, unexpected, write_error};
use super::script::{Script, time, wait};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::{Record, StoreError};

impl RedisStore {
    pub(super) fn key(&self, id: SessionId) -> Vec<u8> {
        let prefix = &self.shared.options.prefix;
        let mut key = Vec::with_capacity(prefix.len() + 24);
        key.extend_from_slice(prefix.as_bytes());
        key.push(b'{');
        key.extend_from_slice(&id.to_chars());
        key.push(b'}');
        key
    }

    pub(super) async fn query<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        Ok(redis::from_redis_value(self.shared.connection.send(command).await?)?)
    }

    /// Runs the `call` of a script, with its source if the server does not know the script.
    pub(super) async fn run(&self, script: &Script, call: &Cmd) -> Result<Value, RedisError> {
        match self.shared.connection.send(call).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                Box::pin(async { self.shared.connection.send(&script.with_source(call)).await }).await
            },
            reply => reply,
        }
    }

    /// Sends a write to `key`, and waits for replicas to have it if
    /// [`RedisOptions::replicated`](super::RedisOptions::replicated) says so.
    pub(super) async fn send_acknowledged(&self, name: &str, key: &[u8], command: Cmd) -> Result<Value, StoreError> {
        let Some((connection, ReplicaAck { replicas, timeout })) = &self.shared.acknowledged else {
            let reply = self.shared.connection.send(&command).await;
            return reply.map_err(|error| self.write_error(name, &error));
        };
        let replies = connection.send_to_owner(key, vec![command, wait(*replicas, *timeout)]).await;
        let mut replies = replies.map_err(|error| self.write_error(name, &error))?.into_iter();
        let Some(reply) = replies.next() else {
            return Err(unexpected(name));
        };
        let reply = reply.map_err(|error| self.write_error(name, &error))?;
        match replies.next().unwrap_or(Ok(Value::Nil)) {
            // The replies that are not numbers say that nothing was written. A number may come from a repeated commit,
            // which wrote nothing now, and whose first attempt the replicas may still lack.
            _ if !matches!(reply, Value::Int(_)) => Ok(reply),
            Ok(Value::Int(reached)) if u64::try_from(reached).is_ok_and(|reached| reached >= u64::from(*replicas)) => {
                Ok(reply)
            },
            Ok(Value::Int(reached)) => Err(StoreError::unknown(format!(
                "{name}: applied, but after {timeout:?} only {reached} of {replicas} replicas have it: a failover \
                 could undo it"
            ))),
            Ok(_) => Err(unexpected("WAIT")),
            Err(error) => Err(StoreError::unknown(format!("WAIT: {}", describe(&error)))),
        }
    }

    /// As the function [`write_error`], for a command that the connection may have sent before.
    pub(super) fn write_error(&self, command: &str, error: &RedisError) -> StoreError {
        match self.shared.connection.resends() {
            true => write_error(command, error).after_write(),
            false => write_error(command, error),
        }
    }

    /// Sends the `call` of a commit that changes the session's user, and before it `add_entry`, the entry in the index.
    pub(super) async fn commit_privileged(
        &self,
        add_entry: Option<Cmd>,
        key: &[u8],
        call: &Cmd,
    ) -> Result<Value, StoreError> {
        const NAME: &str = "EVAL (commit)";
        // With its source: a command in a pipeline cannot be repeated if the server does not know the script.
        let call = self.shared.commit.with_source(call);
        match add_entry {
            Some(add) if self.shared.acknowledged.is_none() => self.send_with_entry(NAME, call, add, true).await,
            Some(add) => {
                // Until the commit is sent, no error leaves anything but a surplus entry.
                let _: Value = self.query(&add).await.map_err(|error| self.write_error("EVAL (user)", &error))?;
                self.send_acknowledged(NAME, key, call).await
            },
            None => self.send_acknowledged(NAME, key, call).await,
        }
    }

    /// The reply to `command`. The same round trip measures the server's clock.
    pub(super) async fn send_and_measure_clock(&self, command: Cmd, now: Timestamp) -> Result<Value, RedisError> {
        let mut replies = self.shared.connection.send_all(vec![command, time()]).await?.into_iter();
        let reply = replies.next().unwrap_or(Ok(Value::Nil));
        // A failed measurement does not fail the command: the next read measures again.
        if let Some(Ok(time)) = replies.next()
            && let Ok(time) = redis::from_redis_value(time)
        {
            self.clock_measured(time, now);
        }
        reply
    }

    pub(super) async fn measure_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        let time: (u64, u64) = self.query(&time()).await.map_err(|error| read_error("TIME", &error))?;
        self.clock_measured(time, now);
        Ok(())
    }

    pub(super) fn clock_measured(&self, (seconds, micros): (u64, u64), now: Timestamp) {
        let server_now = seconds.saturating_mul(1000).saturating_add(micros / 1000);
        self.shared.clock.measured(Timestamp::from_millis(server_now), now);
    }

    /// `time` by the server's clock, in milliseconds.
    pub(super) fn server_time(&self, time: Timestamp) -> u64 {
        self.shared.clock.server_time(time).as_millis()
    }

    /// The bytes to store for `record`, with deadlines by the server's clock.
    pub(super) fn encode(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        check_size(record, self.shared.options.max_bytes)?;
        Ok(record.clone().offset(self.shared.clock.offset()).encode())
    }

    /// The record in stored `bytes`, with deadlines by the engine's clock.
    pub(super) fn decode(&self, bytes: Vec<u8>) -> Result<Record, StoreError> {
        Ok(Record::decode(bytes)?.offset(self.shared.clock.offset().saturating_neg()))
    }
}
