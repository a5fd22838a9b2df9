use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Error, PgConnection, Postgres};

use super::dialect::{Answers, Ask, Class, Engine, speak};
use super::options::SqlOptions;
use super::sql_store;
use crate::port::StoreError;

sql_store! {
    /// Keeps sessions in PostgreSQL (12 or later), shared by any number of processes. Cloning shares the pool.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// let store = session::PostgresStore::connect("postgres://shop:secret@db.example/shop?sslmode=verify-full").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # What it promises
    ///
    /// Every call is one statement, one round trip and one transaction. A commit that is refused brings the row that was in its
    /// way in the same answer, as it is after every writer before it, because `FOR UPDATE` reads the newest version:
    ///
    /// ```sql
    /// WITH applied AS (
    ///   UPDATE "sessions" SET epoch = $4, revision = $5, …, data = $8
    ///    WHERE handle = $1 AND epoch = $2 AND revision = $3 AND expires > $9 RETURNING 1)
    /// SELECT …, NULL FROM applied
    /// UNION ALL
    /// SELECT * FROM (
    ///   SELECT …, data FROM "sessions" WHERE handle = $1 AND NOT EXISTS (SELECT 1 FROM applied) FOR UPDATE) AS stored
    /// ```
    ///
    /// Deadlines are held by the server's clock, whose distance from ours comes along with a read once a minute. The sweep
    /// goes along an index and passes over rows that others hold (`SKIP LOCKED`). A connection that answered that the server takes no
    /// writes is closed: behind the same address there may be a new primary by now.
    ///
    /// [`connect`](Self::connect) sets `statement_timeout` to three quarters of the deadline, so that the server gives up before
    /// we do and the answer is a definite one; and it does not test connections before it uses them, which would cost every call
    /// a second round trip. On a pool of yours: `test_before_acquire(false)`. Reads go where writes go, never to a replica.
    PostgresStore, Elephant, PgPool
}

impl PostgresStore {
    /// Connects to `url`, like `postgres://user:password@host/database`, and makes the table if it is not there. For TLS
    /// add `?sslmode=verify-full`, and `&sslrootcert=…` for a certificate authority of your own.
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
        let server = PgConnectOptions::from_str(url)
            .map_err(|error| StoreError::Misconfigured(format!("PostgreSQL URL: {error}")))?;
        let patience = (options.deadline * 3 / 4).as_millis().max(1);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    let set = format!("SET statement_timeout = {patience}; SET lock_timeout = {patience}");
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.map(|_| ())
                })
            })
            .connect_lazy_with(server);
        Self::with(pool, options).await
    }
}

#[derive(Debug)]
pub(super) enum Elephant {}

impl Engine for Elephant {
    type Db = Postgres;

    const NAME: &'static str = "PostgreSQL";
    const TLS: &'static str = "sslmode, sslrootcert";
    const SCHEMA: &'static str = include_str!("../../../sql/postgres.sql");
    const QUOTE: char = '"';
    const CLOCK: Option<&'static str> = Some("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint");
    const COMMIT: Ask = Ask {
        name: "UPDATE",
        writes: true,
        answers: Answers::Rows,
        text: "WITH applied AS (\
               UPDATE {t} SET epoch = $4, revision = $5, expires = GREATEST(expires, $6), user_hash = $7, data = $8 \
               WHERE handle = $1 AND epoch = $2 AND revision = $3 AND expires > $9 RETURNING 1) \
               SELECT NULL::bytea AS handle, 0::bigint, 0::bigint, 0::bigint, NULL::bytea, 0::bigint FROM applied \
               UNION ALL \
               SELECT * FROM (SELECT {row} FROM {t} WHERE handle = $1 AND NOT EXISTS (SELECT 1 FROM applied) FOR UPDATE) \
               AS stored",
    };
    const SWEEP: &'static str = "WITH dead AS (SELECT handle FROM {t} WHERE expires <= $1 \
                                 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED) \
                                 DELETE FROM {t} USING dead WHERE {t}.handle = dead.handle AND {t}.expires <= $1";
    const ONE_WRITER: bool = false;

    fn class(error: &dyn DatabaseError) -> Class {
        // https://www.postgresql.org/docs/current/errcodes-appendix.html
        match error.code().as_deref().unwrap_or_default() {
            "40001" | "40P01" => Class::Clash,
            "25006" => Class::ReadOnly,
            "42P01" => Class::NoTable,
            "42501" => Class::Denied,
            code if code.starts_with("28") => Class::Stranger,
            code if code.starts_with("42") || code.starts_with("3D") || code.starts_with("3F") => Class::Misfit,
            // The server goes down or has lost the connection, perhaps after it had committed.
            code if code.starts_with("08") || code.starts_with("57P") || code.starts_with("XX") => Class::Broken,
            _ => Class::Refused,
        }
    }

    async fn unfit(_connection: &mut PgConnection, _max_bytes: usize) -> Result<Option<String>, Error> {
        Ok(None)
    }

    speak!();
}
