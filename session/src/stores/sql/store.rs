//! [`Store`] for [`SqlStore`].

use std::time::Duration;

use super::SqlStore;
use super::calls::MAX_RETRIES;
use super::dialect::{Dialect, ErrorClass};
use super::error::{QueryError, unexpected};
use super::statement::{ResultKind, Value};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{Commit, Committed, Created, Decision, Destroyed, Record, Store, StoreError, Touched, UserIndex};

impl<D: Dialect> Store for SqlStore<D> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.measure_clock(now).await?;
        let encoded = self.encode(record)?;
        let values = [
            Value::Bytes(id.as_bytes()),
            Value::int(record.epoch()),
            Value::int(record.revision()),
            encoded.expires,
            encoded.user(),
            Value::Bytes(&encoded.bytes),
        ];
        match self.execute(&self.0.statements.insert, &values).await {
            Ok(result) if result.count == 1 => Ok(Created::Created),
            Ok(_) => Err(unexpected("INSERT")),
            Err(error) if error.class == ErrorClass::UniqueViolation => Ok(Created::Exists),
            Err(error) => Err(error.into_store_error()),
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let values = [Value::Bytes(id.as_bytes())];
        let result = self.execute(&self.0.statements.load, &values).await.map_err(QueryError::into_store_error)?;
        let Some(row) = result.rows.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(self.decode(row, now)?).filter(|record| !record.is_expired(now)))
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let record = commit.record;
        let encoded = self.encode(record)?;
        let last_op = commit.last_op.to_bytes();
        let values = [
            Value::Bytes(id.as_bytes()),
            Value::int(commit.epoch),
            Value::int(commit.revision),
            Value::int(record.epoch()),
            Value::int(record.revision()),
            encoded.expires,
            encoded.user(),
            Value::Bytes(&encoded.bytes),
            self.server_time(now),
            Value::Bytes(&last_op),
        ];
        let statement = &self.0.statements.commit;
        for _ in 0..MAX_RETRIES {
            let result = self.execute(statement, &values).await.map_err(QueryError::into_store_error)?;
            let stored = match statement.result {
                ResultKind::Rows => match result.rows.into_iter().next() {
                    Some(row) if row.data.is_none() => return Ok(Committed::Applied),
                    // The row was in the answer to a write, which the network may have garbled.
                    Some(row) => {
                        let stored = self.decode(row, now).map_err(StoreError::after_write)?;
                        Some(stored).filter(|record| !record.is_expired(now))
                    },
                    None => None,
                },
                ResultKind::Count => match result.count {
                    0 => self.load(id, now).await?,
                    1 => return Ok(Committed::Applied),
                    _ => return Err(unexpected("UPDATE")),
                },
            };
            let Some(stored) = stored else {
                return Ok(Committed::Gone);
            };
            return Ok(match commit.decide(&stored) {
                // The record was created after the UPDATE and before the SELECT.
                Decision::Replace => continue,
                Decision::AlreadyApplied => Committed::Applied,
                Decision::Superseded => Committed::Superseded,
                Decision::Conflict => Committed::Conflict(Box::new(stored)),
            });
        }
        Err(StoreError::unavailable("UPDATE: the record was removed and created again at each attempt"))
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let values = [Value::Bytes(id.as_bytes()), self.server_time(idle), self.server_time(now)];
        let result = self.execute(&self.0.statements.touch, &values).await.map_err(QueryError::into_store_error)?;
        match result.count {
            0 => Ok(Touched::Gone),
            1 => Ok(Touched::Touched),
            _ => Err(unexpected("UPDATE")),
        }
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        let values = [Value::Bytes(id.as_bytes())];
        let result = self.execute(&self.0.statements.destroy, &values).await.map_err(QueryError::into_store_error)?;
        match result.count {
            0 => Ok(Destroyed::Absent),
            1 => Ok(Destroyed::Existed),
            _ => Err(unexpected("DELETE")),
        }
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.measure_clock(now).await?;
        let values = [self.server_time(now), Value::int(limit as u64)];
        let result = self.execute(&self.0.statements.sweep, &values).await.map_err(QueryError::into_store_error)?;
        Ok(usize::try_from(result.count).unwrap_or(usize::MAX))
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    /// Its calls have deadlines of their own.
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}
