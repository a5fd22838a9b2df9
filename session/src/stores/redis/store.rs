//! [`Store`] for [`RedisStore`].

use std::time::Duration;

use redis::{Cmd, Value};

use super::RedisStore;
use super::reply::{not_a_record, read_error, text, unexpected};
use super::script::{expected, get, time_to_live};
use crate::base::clock::Timestamp;
use crate::data::record::idle_bytes;
use crate::data::token::SessionId;
use crate::port::{Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex};

impl Store for RedisStore {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        if self.shared.clock.is_stale(now) {
            self.measure_clock(now).await?;
        }
        let bytes = self.encode(record)?;
        let mut set = Cmd::new();
        set.arg("SET").arg(self.key(id)).arg(bytes).arg("NX").arg("PX").arg(time_to_live(record.idle_deadline(), now));
        let reply = match record.user() {
            None => self.query(&set).await.map_err(|error| self.write_error("SET", &error))?,
            // If the entry fails, the record may be stored, but no client has its token yet.
            Some(user) => {
                let entry = self.add_entry(user, id, record, now);
                self.send_with_entry("SET", set, entry, false).await?
            },
        };
        match reply {
            Value::Nil => Ok(Created::Exists),
            Value::Okay => Ok(Created::Created),
            _ => Err(unexpected("SET")),
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let get = get(&self.key(id));
        let reply = match self.shared.clock.is_stale(now) {
            true => Box::pin(self.send_and_measure_clock(get, now)).await,
            false => self.shared.connection.send(&get).await,
        };
        match reply.map_err(|error| read_error("GET", &error))? {
            Value::BulkString(bytes) => Ok(Some(self.decode(bytes)?).filter(|record| !record.is_expired(now))),
            Value::Nil => Ok(None),
            _ => Err(not_a_record()),
        }
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        const NAME: &str = "EVALSHA (commit)";
        let bytes = self.encode(commit.record)?;
        let expected = expected(&commit);
        // Negative for a record that has expired: the script computes the time now from it.
        let life = commit.record.idle_deadline().as_millis().checked_signed_diff(now.as_millis()).unwrap_or(i64::MAX);
        let script = &self.shared.commit;
        // A login starts the absolute deadline anew, which is in the entry of the index.
        let privileged = commit.changes_user || commit.record.epoch() != commit.epoch;
        let key = self.key(id);
        let mut call = script.call(&key, bytes.len() + 56);
        call.arg(&expected).arg(&commit.op.to_bytes()).arg(bytes).arg(life);
        if let Some(publisher) = &self.publisher {
            call.arg(&publisher.channel).arg(publisher.message(id.as_bytes()));
        }
        let reply = match privileged {
            true => {
                let add_entry = commit.record.user().map(|user| self.add_entry(user, id, commit.record, now));
                Box::pin(self.commit_privileged(add_entry, &key, &call)).await?
            },
            false => self.run(script, &call).await.map_err(|error| self.write_error(NAME, &error))?,
        };
        match reply {
            Value::Array(mut stored) => match stored.pop() {
                Some(Value::BulkString(bytes)) => {
                    // The record was in the script's reply, which the network may have garbled.
                    let stored = self.decode(bytes).map_err(StoreError::after_write)?;
                    if stored.is_expired(now) { Ok(Committed::Gone) } else { Ok(Committed::Conflict(Box::new(stored))) }
                },
                _ => Err(unexpected(NAME)),
            },
            Value::Int(1) => Ok(Committed::Applied),
            reply => match text(&reply) {
                b"SUPERSEDED" => Ok(Committed::Superseded),
                b"GONE" => Ok(Committed::Gone),
                b"FOREIGN" => Err(not_a_record()),
                _ => Err(unexpected(NAME)),
            },
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let script = &self.shared.touch;
        let mut call = script.call(&self.key(id), 48);
        call.arg(&idle_bytes(self.shared.clock.server_time(idle)));
        call.arg(time_to_live(idle, now)).arg(self.server_time(now));
        let reply = self.run(script, &call).await.map_err(|error| self.write_error("EVALSHA (touch)", &error))?;
        match text(&reply) {
            b"TOUCHED" => Ok(Touched::Touched),
            b"GONE" => Ok(Touched::Gone),
            b"FOREIGN" => Err(not_a_record()),
            _ => Err(unexpected("EVALSHA (touch)")),
        }
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        // Not a script: a server that is out of memory refuses scripts that write, and a logout must work there too.
        let key = self.key(id);
        let mut unlink = Cmd::with_capacity(2, 6 + key.len());
        unlink.arg("UNLINK").arg(&key);
        let removed = self.send_acknowledged("UNLINK", &key, unlink).await;
        self.publish(id.as_bytes()).await;
        match removed? {
            Value::Int(0) => Ok(Destroyed::Absent),
            Value::Int(1) => Ok(Destroyed::Existed),
            _ => Err(unexpected("UNLINK")),
        }
    }

    async fn sweep(&self, _limit: usize, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    /// Its calls have deadlines of their own.
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}
