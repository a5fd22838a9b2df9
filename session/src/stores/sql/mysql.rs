use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPool, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Error, MySql, MySqlConnection};

use super::dialect::{Class, Engine, speak};
use super::options::SqlOptions;
use super::sql_store;
use crate::port::StoreError;

sql_store! {
    /// Keeps sessions in MySQL (8.0 or later) or MariaDB (10.6 or later), shared by any number of processes. Cloning shares the
    /// pool.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// let store = session::MySqlStore::connect("mysql://shop:secret@db.example/shop?ssl-mode=VERIFY_IDENTITY").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # What it promises
    ///
    /// Every call is one statement, one round trip and one transaction; only a commit that is refused takes a second one, to
    /// read why, because an `UPDATE` returns no rows here. What it reads is the truth: a revision never comes back.
    ///
    /// ```sql
    /// UPDATE `sessions` SET epoch = ?, revision = ?, …, data = ?
    ///  WHERE handle = ? AND epoch = ? AND revision = ? AND expires > ?
    /// ```
    ///
    /// Deadlines are held by the server's clock, whose distance from ours comes along with a read once a minute. The sweep goes
    /// along an index and passes over rows that others hold (`SKIP LOCKED`). A deadlock is tried again: its loser has written nothing.
    ///
    /// [`connect`](Self::connect) sets `READ COMMITTED`, under which a sweep locks only what it deletes, and `innodb_lock_wait_timeout`
    /// to three quarters of the deadline in whole seconds, at least one; and it does not test connections before it uses them, which
    /// would cost every call a second round trip. On a pool of yours: `test_before_acquire(false)`. Passwords by `caching_sha2_password`
    /// need TLS.
    MySqlStore, Dolphin, MySqlPool
}

impl MySqlStore {
    /// Connects to `url`, like `mysql://user:password@host/database`, and makes the table if it is not there. For TLS add
    /// `?ssl-mode=VERIFY_IDENTITY`, and `&ssl-ca=…` for a certificate authority of your own.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting or permission; [`StoreError::Unavailable`] if nobody answers.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, SqlOptions::new()).await
    }

    /// As [`connect`](Self::connect), with `options`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        let server = MySqlConnectOptions::from_str(url)
            .map_err(|error| StoreError::Misconfigured(format!("MySQL URL: {error}")))?;
        let patience = (options.deadline * 3 / 4).as_secs().max(1);
        let pool = MySqlPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    let set = format!(
                        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                         SET SESSION autocommit = 1, innodb_lock_wait_timeout = {patience}"
                    );
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.map(|_| ())
                })
            })
            .connect_lazy_with(server);
        Self::with(pool, options).await
    }
}

#[derive(Debug)]
pub(super) enum Dolphin {}

impl Engine for Dolphin {
    type Db = MySql;

    const NAME: &'static str = "MySQL";
    const TLS: &'static str = "ssl-mode, ssl-ca";
    const SCHEMA: &'static str = include_str!("../../../sql/mysql.sql");
    const QUOTE: char = '`';
    const NUMBERED: bool = false;
    // In UTC, so that no hour comes twice.
    const CLOCK: Option<&'static str> = Some("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000");
    // The innermost query is a table of its own, because a table that is deleted from cannot be read in a subquery.
    const SWEEP: &'static str = "DELETE FROM {t} WHERE expires <= $1 AND handle IN (SELECT handle FROM (\
                                 SELECT handle FROM {t} WHERE expires <= $1 ORDER BY expires LIMIT $2 \
                                 FOR UPDATE SKIP LOCKED) AS dead)";
    const ONE_WRITER: bool = false;

    fn class(error: &dyn DatabaseError) -> Class {
        let number = error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
        // https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
        match number.unwrap_or_default() {
            // Deadlock.
            1213 => Class::Clash,
            // Started with `read_only` or `super_read_only`, or a transaction that is.
            1290 | 1792 | 1836 => Class::ReadOnly,
            1146 => Class::NoTable,
            1045 | 1698 => Class::Stranger,
            1044 | 1142 | 1143 | 1227 => Class::Denied,
            // No such database, column or default; another type.
            1046 | 1049 | 1054 | 1064 | 1136 | 1231 | 1364 | 1366 | 1406 => Class::Misfit,
            // The server goes down or has killed the connection, perhaps after it had committed.
            1053 | 1077 | 1078 | 1079 | 1080 | 1152 | 1159 | 1161 | 1927 | 3169 | 4031 => Class::Broken,
            _ => Class::Refused,
        }
    }

    async fn unfit(connection: &mut MySqlConnection, max_bytes: usize) -> Result<Option<String>, Error> {
        let ask = "SELECT CAST(@@autocommit AS SIGNED), CAST(@@max_allowed_packet AS SIGNED)";
        let (autocommit, packet): (i64, i64) = sqlx::query_as(ask).fetch_one(connection).await?;
        if autocommit == 0 {
            return Ok(Some("MySQL: autocommit is off, so nothing would be kept; turn it on for this pool".into()));
        }
        // The record, and room for the statement around it.
        let needed = max_bytes + 4096;
        let short = usize::try_from(packet).is_ok_and(|packet| packet < needed);
        let complaint =
            || format!("MySQL: max_allowed_packet is {packet}, and records of max_bytes {max_bytes} need {needed}");
        Ok(short.then(complaint))
    }

    speak!();
}
