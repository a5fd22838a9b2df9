use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Error, MySql, MySqlConnection};

use super::SqlStore;
use super::dialect::{Dialect, ErrorClass, impl_driver};
use super::error::refused_url;
use super::options::SqlOptions;
use crate::port::StoreError;
use crate::port::options::check_scheme;

/// Keeps sessions in MySQL (8.0 or later) or MariaDB (10.6 or later), shared by any number of processes. Cloning shares
/// the pool.
///
/// ```no_run
/// # async fn example() -> Result<(), session::store::StoreError> {
/// use session::MySqlStore;
/// use session::store::SqlOptions;
///
/// let url = "mysql://shop:secret@db.example/shop?ssl-mode=VERIFY_IDENTITY";
/// let store = MySqlStore::connect(url).await?;
/// // Creates the table if it does not exist:
/// let store = MySqlStore::connect_with(url, SqlOptions::new().create_table(true)).await?;
/// # Ok(()) }
/// ```
///
/// [`SqlStore`] lists the constructors. None of them creates the table unless [`SqlOptions::create_table`] says so.
///
/// # Guarantees
///
/// Every call is one statement, one round trip and one transaction. Only a commit that is refused takes a second one,
/// which reads the reason, because an `UPDATE` returns no rows here. What it reads is still the reason, because a
/// revision of one commit occurs once.
///
/// ```sql
/// UPDATE `sessions` SET epoch = ?, revision = ?, …, data = ?
///  WHERE handle = ? AND epoch = ? AND revision = ? AND SUBSTR(data, 133, 8) = ? AND expires > ?
/// ```
///
/// Deadlines follow the server's clock; a read measures its distance from the program's clock once a minute. The sweep
/// uses an index and skips rows that other transactions lock (`SKIP LOCKED`). A statement that loses a deadlock has
/// written nothing, and is repeated.
///
/// `connect` sets `READ COMMITTED`, under which a sweep locks only the rows that it deletes, and
/// `innodb_lock_wait_timeout` to three quarters of [`SqlOptions::deadline`] in whole seconds, at least one. It does not
/// test a connection before each use, which would take a second round trip. Configure a pool of your own in the same
/// way: `test_before_acquire(false)`, and autocommit on. Passwords by `caching_sha2_password` need TLS.
pub type MySqlStore = SqlStore<MySql>;

impl SqlStore<MySql> {
    /// Connects to MySQL or MariaDB at `url`, such as `mysql://user:password@host/database`, and probes it. The table
    /// must exist.
    ///
    /// For TLS add `?ssl-mode=VERIFY_IDENTITY`, and `&ssl-ca=/path/to/ca.pem` for a certificate authority of your own.
    /// Without `ssl-mode`, TLS is used if the server offers it, and no certificate is checked.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::MySqlStore;
    ///
    /// let store = MySqlStore::connect("mysql://shop:secret@db.example/shop?ssl-mode=VERIFY_IDENTITY").await?;
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
    /// use session::{MySqlStore, store::SqlOptions};
    ///
    /// let options = SqlOptions::new().create_table(true).max_connections(16);
    /// let store = MySqlStore::connect_with("mysql://shop:secret@db.example/shop", options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        check_scheme("MySQL URL", url, &["mysql", "mariadb"])?;
        let server = MySqlConnectOptions::from_str(url).map_err(|error| refused_url("MySQL URL", &error))?;
        let timeout = options.server_timeout().as_secs().max(1);
        let pool = MySqlPoolOptions::new()
            .max_connections(options.connection_limit())
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    let set = format!(
                        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                         SET SESSION autocommit = 1, innodb_lock_wait_timeout = {timeout}"
                    );
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.map(|_| ())
                })
            })
            .connect_lazy_with(server);
        Self::from_pool_with(pool, options).await
    }
}

impl Dialect for MySql {
    const TLS: &'static str = "ssl-mode, ssl-ca";
    const SCHEMA: &'static str = include_str!("../../../sql/mysql.sql");
    const CREATES_TABLE: bool = false;
    const QUOTE: char = '`';
    const NUMBERED: bool = false;
    // In UTC, so that daylight saving time does not repeat an hour.
    const CLOCK: Option<&'static str> = Some("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000");
    // MySQL allows no subquery on the table that is deleted from, except inside a derived table.
    const SWEEP: &'static str = "DELETE FROM {t} WHERE expires <= $1 AND handle IN (SELECT handle FROM (\
                                 SELECT handle FROM {t} WHERE expires <= $1 ORDER BY expires LIMIT $2 \
                                 FOR UPDATE SKIP LOCKED) AS expired)";
    const ONE_WRITER: bool = false;

    fn classify(error: &dyn DatabaseError) -> ErrorClass {
        // https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
        match number_of(error) {
            // Deadlock.
            1213 => ErrorClass::SerializationFailure,
            // `read_only`, `super_read_only` or a read-only transaction.
            1290 | 1792 | 1836 => ErrorClass::ReadOnly,
            1146 => ErrorClass::NoTable,
            1045 | 1698 => ErrorClass::AuthFailed,
            1044 | 1142 | 1143 | 1227 => ErrorClass::PermissionDenied,
            1046 | 1049 => ErrorClass::NoDatabase,
            // Unknown column, missing default, short column.
            1054 | 1064 | 1136 | 1231 | 1364 | 1406 => ErrorClass::SchemaMismatch,
            // A value out of range, or of a wrong type.
            1264 | 1292 | 1366 => ErrorClass::Rejected,
            // The disk or the table is full.
            1021 | 1114 => ErrorClass::Full,
            // Too many connections, no memory, a lock that was waited for in vain, a packet that is too large, and a
            // prepared statement that the server does not know or must prepare again.
            1037 | 1038 | 1040 | 1041 | 1153 | 1203 | 1205 | 1226 | 1243 | 1461 | 1615 => ErrorClass::NotApplied,
            // The server shuts down or has killed the connection, perhaps after a commit; or a proxy has lost it.
            1053 | 1077 | 1078 | 1079 | 1080 | 1152 | 1159 | 1161 | 1927 | 2006 | 2013 | 3169 | 4031 => {
                ErrorClass::ConnectionLost
            },
            _ => ErrorClass::Unproven,
        }
    }

    fn code(error: &dyn DatabaseError) -> String {
        number_of(error).to_string()
    }

    async fn check_server(connection: &mut MySqlConnection, max_bytes: usize) -> Result<Option<String>, Error> {
        let select = "SELECT CAST(@@autocommit AS SIGNED), CAST(@@max_allowed_packet AS SIGNED)";
        let (autocommit, packet): (i64, i64) = sqlx::query_as(select).fetch_one(connection).await?;
        if autocommit == 0 {
            return Ok(Some("MySQL: autocommit is off, so no change would be kept; turn it on for this pool".into()));
        }
        // The record, and room for the statement around it.
        let needed = max_bytes + 4096;
        let is_short = usize::try_from(packet).is_ok_and(|packet| packet < needed);
        let problem =
            || format!("MySQL: max_allowed_packet is {packet}, and records of max_bytes {max_bytes} need {needed}");
        Ok(is_short.then(problem))
    }

    impl_driver!();
}

fn number_of(error: &dyn DatabaseError) -> u16 {
    error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number).unwrap_or_default()
}
