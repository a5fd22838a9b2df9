use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Error, PgConnection, Postgres};

use super::SqlStore;
use super::dialect::{Dialect, ErrorClass, impl_driver};
use super::error::refused_url;
use super::options::SqlOptions;
use super::statement::{ResultKind, Template};
use crate::port::StoreError;
use crate::port::options::check_scheme;

/// Keeps sessions in PostgreSQL (12 or later), shared by any number of processes. Cloning shares the pool.
///
/// ```no_run
/// # async fn example() -> Result<(), session::store::StoreError> {
/// use session::PostgresStore;
/// use session::store::SqlOptions;
///
/// let url = "postgres://shop:secret@db.example/shop?sslmode=verify-full";
/// let store = PostgresStore::connect(url).await?;
/// // Creates the table if it does not exist:
/// let store = PostgresStore::connect_with(url, SqlOptions::new().create_table(true)).await?;
/// # Ok(()) }
/// ```
///
/// [`SqlStore`] lists the constructors. None of them creates the table unless [`SqlOptions::create_table`] says so.
///
/// # Guarantees
///
/// Every call is one statement, one round trip and one transaction. The answer to a commit that is refused contains the
/// row that was in its way, as it is after all earlier writers, because `FOR UPDATE` reads the newest version:
///
/// ```sql
/// WITH applied AS (
///   UPDATE "sessions" SET epoch = $4, revision = $5, …, data = $8
///    WHERE handle = $1 AND epoch = $2 AND revision = $3 AND SUBSTR(data, 133, 8) = $10 AND expires > $9
///   RETURNING 1)
/// SELECT …, NULL FROM applied
/// UNION ALL
/// SELECT * FROM (
///   SELECT …, data FROM "sessions" WHERE handle = $1 AND NOT EXISTS (SELECT 1 FROM applied) FOR UPDATE) AS stored
/// ```
///
/// Deadlines follow the server's clock; a read measures its distance from the program's clock once a minute. The sweep
/// uses an index and skips rows that other transactions lock (`SKIP LOCKED`). A connection to a server that says it is
/// read-only is closed, because the same address may lead to a new primary by now. Reads go to the same server as
/// writes, never to a replica.
///
/// `connect` sets `statement_timeout` and `lock_timeout` to three quarters of [`SqlOptions::deadline`], so that the
/// server gives up before the store does, and it is known that nothing was written. It does not test a connection
/// before each use, which would take a second round trip. Configure a pool of your own in the same way:
/// `test_before_acquire(false)`, and a `statement_timeout` shorter than the deadline.
pub type PostgresStore = SqlStore<Postgres>;

impl SqlStore<Postgres> {
    /// Connects to PostgreSQL at `url`, such as `postgres://user:password@host/database`, and probes it. The table must
    /// exist.
    ///
    /// For TLS add `?sslmode=verify-full`, and `&sslrootcert=/path/to/ca.pem` for a certificate authority of your own.
    /// Without `sslmode`, TLS is used if the server offers it, and no certificate is checked.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::PostgresStore;
    ///
    /// let store = PostgresStore::connect("postgres://shop:secret@db.example/shop?sslmode=verify-full").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, the missing table or the missing privilege;
    /// [`StoreError::Unavailable`] if the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, SqlOptions::new()).await
    }

    /// As [`connect`](Self::connect), with `options`. With
    /// [`SqlOptions::create_table(true)`](SqlOptions::create_table), a missing table is created.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::{PostgresStore, store::SqlOptions};
    ///
    /// let options = SqlOptions::new().create_table(true).max_connections(16);
    /// let store = PostgresStore::connect_with("postgres://shop:secret@db.example/shop", options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        check_scheme("PostgreSQL URL", url, &["postgres", "postgresql"])?;
        let server = PgConnectOptions::from_str(url).map_err(|error| refused_url("PostgreSQL URL", &error))?;
        let timeout = options.server_timeout().as_millis().max(1);
        let pool = PgPoolOptions::new()
            .max_connections(options.connection_limit())
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    let set = format!("SET statement_timeout = {timeout}; SET lock_timeout = {timeout}");
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.map(|_| ())
                })
            })
            .connect_lazy_with(server);
        Self::from_pool_with(pool, options).await
    }
}

impl Dialect for Postgres {
    const TLS: &'static str = "sslmode, sslrootcert";
    const SCHEMA: &'static str = include_str!("../../../sql/postgres.sql");
    const CREATES_TABLE: bool = false;
    const QUOTE: char = '"';
    const CLOCK: Option<&'static str> = Some("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint");
    const COMMIT: Template = Template {
        name: "UPDATE",
        writes: true,
        result: ResultKind::Rows,
        text: "WITH applied AS (\
               UPDATE {t} SET epoch = $4, revision = $5, expires = GREATEST(expires, $6), user_hash = $7, data = $8 \
               WHERE handle = $1 AND epoch = $2 AND revision = $3 AND SUBSTR(data, 133, 8) = $10 AND expires > $9 \
               RETURNING 1) \
               SELECT NULL::bytea AS handle, 0::bigint, 0::bigint, 0::bigint, NULL::bytea, 0::bigint FROM applied \
               UNION ALL \
               SELECT * FROM (\
               SELECT {row} FROM {t} WHERE handle = $1 AND NOT EXISTS (SELECT 1 FROM applied) FOR UPDATE) AS stored",
    };
    const SWEEP: &'static str = "WITH expired AS (SELECT handle FROM {t} WHERE expires <= $1 \
                                 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED) \
                                 DELETE FROM {t} USING expired WHERE {t}.handle = expired.handle AND {t}.expires <= $1";
    const ONE_WRITER: bool = false;

    fn classify(error: &dyn DatabaseError) -> ErrorClass {
        // https://www.postgresql.org/docs/current/errcodes-appendix.html
        match error.code().as_deref().unwrap_or_default() {
            // Serialization failure and deadlock.
            "40001" | "40P01" => ErrorClass::SerializationFailure,
            "25006" => ErrorClass::ReadOnly,
            "42P01" => ErrorClass::NoTable,
            "42501" => ErrorClass::PermissionDenied,
            "3D000" => ErrorClass::NoDatabase,
            "53100" => ErrorClass::Full,
            // A failed transaction, a lock that was waited for in vain, and a cancelled statement.
            "25P02" | "40000" | "40002" | "55P03" | "57014" => ErrorClass::NotApplied,
            code => match code.get(..2).unwrap_or_default() {
                "28" => ErrorClass::AuthFailed,
                // Data exceptions and violated constraints.
                "22" | "23" => ErrorClass::Rejected,
                // Syntax errors, and names that do not exist.
                "0A" | "42" | "3F" => ErrorClass::SchemaMismatch,
                // Too few resources, and limits that are exceeded.
                "53" | "54" => ErrorClass::NotApplied,
                // The server shuts down or has lost the connection, perhaps after a commit.
                "08" | "XX" => ErrorClass::ConnectionLost,
                _ if code.starts_with("57P") => ErrorClass::ConnectionLost,
                _ => ErrorClass::Unproven,
            },
        }
    }

    async fn check_server(_connection: &mut PgConnection, _max_bytes: usize) -> Result<Option<String>, Error> {
        Ok(None)
    }

    impl_driver!();
}
