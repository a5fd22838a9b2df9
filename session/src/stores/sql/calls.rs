//! How the store executes statements, and what it makes of records on their way to the database and back.

use std::time::Duration;

use sqlx::Error;
use sqlx::pool::PoolConnection;
use tokio::sync::SemaphorePermit;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::SqlStore;
use super::dialect::{Dialect, ErrorClass};
use super::error::{QueryError, classify, classify_unconnected, corrupt_column, describe};
use super::statement::{QueryResult, Row, Statement, Value};
use crate::base::clock::Timestamp;
use crate::base::error::Corrupt;
use crate::port::options::check_size;
use crate::port::{Record, StoreError, UserKey};

/// How often a statement is repeated that other transactions were in the way of, and a read whose connection was
/// broken. More than a pool has connections by default, which are all broken after a restart of the database.
pub(super) const MAX_RETRIES: u32 = 16;

/// Creating an index can take longer than a request may.
const SCRIPT_DEADLINE: Duration = Duration::from_mins(1);

/// A record as parameters of a statement.
pub(super) struct Encoded {
    pub(super) expires: Value<'static>,
    pub(super) user_hash: Option<[u8; 32]>,
    pub(super) bytes: Vec<u8>,
}

impl Encoded {
    pub(super) fn user(&self) -> Value<'_> {
        self.user_hash.as_ref().map_or(Value::Null, |hash| Value::Bytes(hash))
    }
}

#[expect(private_bounds, reason = "sealed: the databases are those of this crate")]
impl<D: Dialect> SqlStore<D> {
    /// Executes `statement`, again if that is safe and can help.
    pub(super) async fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<QueryResult, QueryError> {
        let mut retries = 0;
        loop {
            match self.execute_once(statement, values).await {
                Err(error) if error.is_retryable() && retries < MAX_RETRIES => retries += 1,
                result => return result,
            }
        }
    }

    async fn execute_once(&self, statement: &Statement, values: &[Value<'_>]) -> Result<QueryResult, QueryError> {
        let Statement { name, writes, .. } = *statement;
        let (_permit, mut connection) = self.acquire(name, writes).await?;
        let result = timeout(self.0.options.deadline, D::run(&mut connection, statement, values)).await;
        self.release(name, writes, connection, result)
    }

    /// Executes statements that no request waits for.
    pub(super) async fn execute_script(&self, name: &'static str, text: String) -> Result<(), QueryError> {
        let (_permit, mut connection) = self.acquire(name, true).await?;
        let result = timeout(SCRIPT_DEADLINE, D::run_script(&mut connection, text)).await;
        self.release(name, true, connection, result)
    }

    /// A text about a setting of the server that the store cannot work with, if there is one.
    pub(super) async fn check_server(&self) -> Result<Option<String>, QueryError> {
        let (_permit, mut connection) = self.acquire("SELECT", false).await?;
        let check = D::check_server(&mut connection, self.0.options.max_bytes);
        let result = timeout(self.0.options.deadline, check).await;
        self.release("SELECT", false, connection, result)
    }

    /// A connection, and a permit for a writer. If it fails, nothing was sent.
    async fn acquire(
        &self,
        name: &'static str,
        writes: bool,
    ) -> Result<(Option<SemaphorePermit<'_>>, PoolConnection<D>), QueryError> {
        let failed = |class, cause| QueryError { name, writes, class, cause };
        let acquiring = async {
            let permit = if writes { self.0.writers.acquire().await.ok() } else { None };
            self.0.pool.acquire().await.map(|connection| (permit, connection))
        };
        match timeout(self.0.options.deadline, acquiring).await {
            Ok(Ok(acquired)) => Ok(acquired),
            Ok(Err(error)) => Err(failed(classify_unconnected::<D>(&error), describe::<D>(&error))),
            Err(_) => Err(failed(ErrorClass::NotApplied, "no connection within the deadline".into())),
        }
    }

    /// The result of a statement. Gives the connection back to the pool, or closes it if it must not be used again.
    fn release<T>(
        &self,
        name: &'static str,
        writes: bool,
        connection: PoolConnection<D>,
        result: Result<Result<T, Error>, Elapsed>,
    ) -> Result<T, QueryError> {
        let (class, cause) = match result {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(error)) => (classify::<D>(&error), describe::<D>(&error)),
            Err(_) => {
                // Given back to the pool, it would be read until the answer comes, which may be never.
                drop(connection.detach());
                let class = if writes { ErrorClass::ConnectionLost } else { ErrorClass::NotApplied };
                let cause = format!("no answer within {:?}", self.0.options.deadline);
                return Err(QueryError { name, writes, class, cause });
            },
        };
        if matches!(
            class,
            ErrorClass::ConnectionLost | ErrorClass::Unproven | ErrorClass::Corrupt | ErrorClass::ReadOnly
        ) {
            drop(connection.detach());
        }
        Err(QueryError { name, writes, class, cause })
    }

    /// Measures the server's clock if the last measurement is too old.
    pub(super) async fn measure_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        if D::CLOCK.is_some() && self.0.clock.is_stale(now) {
            let result = self.execute(&self.0.statements.clock, &[]).await.map_err(QueryError::into_store_error)?;
            result.rows.iter().for_each(|row| self.clock_measured(row, now));
        }
        Ok(())
    }

    fn clock_measured(&self, row: &Row, now: Timestamp) {
        if D::CLOCK.is_some() {
            self.0.clock.measured(Timestamp::from_millis(u64::try_from(row.clock).unwrap_or_default()), now);
        }
    }

    /// `time` by the server's clock.
    pub(super) fn server_time(&self, time: Timestamp) -> Value<'static> {
        Value::int(self.0.clock.server_time(time).as_millis())
    }

    /// The values to store for `record`, with deadlines by the server's clock.
    pub(super) fn encode(&self, record: &Record) -> Result<Encoded, StoreError> {
        check_size(record, self.0.options.max_bytes)?;
        Ok(Encoded {
            expires: self.server_time(record.idle_deadline().min(record.absolute_deadline())),
            user_hash: record.user().map(UserKey::digest),
            bytes: record.clone().offset(self.0.clock.offset()).encode(),
        })
    }

    /// The record in a `row`, with deadlines by the engine's clock. The columns must agree with the record's bytes.
    pub(super) fn decode(&self, row: Row, now: Timestamp) -> Result<Record, StoreError> {
        self.clock_measured(&row, now);
        let record = Record::decode(row.data.unwrap_or_default())?;
        let agrees = |column: i64, number: u64| u64::try_from(column) == Ok(number);
        let expires = u64::try_from(row.expires).map_err(|_| corrupt_column())?;
        if !agrees(row.epoch, record.epoch()) || !agrees(row.revision, record.revision()) {
            return Err(Corrupt::new("the columns epoch and revision differ from the record").into());
        }
        let record = record.with_idle_deadline(Timestamp::from_millis(expires));
        Ok(record.offset(self.0.clock.offset().saturating_neg()))
    }
}
