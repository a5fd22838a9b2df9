use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Error, Sqlite, SqliteConnection};

use super::dialect::{Class, Engine, speak};
use super::options::SqlOptions;
use super::sql_store;
use super::store::{Core, Failed};
use crate::port::StoreError;

sql_store! {
    /// Keeps sessions in a SQLite file, shared by all processes of one machine. Cloning shares the connections.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// let store = session::SqliteStore::connect("sqlite:sessions.db").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # What it promises
    ///
    /// Every call is one statement with its own transaction, or, for a commit that was refused, one more that reads why. A
    /// statement that writes asks for the write lock before it reads, as `BEGIN IMMEDIATE` would, so the busy timeout holds for
    /// it and nothing is decided on stale data:
    ///
    /// ```sql
    /// UPDATE "sessions" SET epoch = $4, revision = $5, …, data = $8
    ///  WHERE handle = $1 AND epoch = $2 AND revision = $3 AND expires > $9
    /// ```
    ///
    /// [`connect`](Self::connect) turns on write-ahead logging, so that readers and the writer do not wait for each other, and
    /// `synchronous = FULL`: what was answered survives a power failure, logouts too. SQLite lets one write at a time: writers of one
    /// process queue up in it, and those of several wait for each other for up to three quarters of the deadline, after which
    /// the call answers [`StoreError::Unavailable`] and nothing was written. A network file system is no place for the file.
    SqliteStore, Sqlite3, SqlitePool
}

impl SqliteStore {
    /// Opens the file that `url` names, like `sqlite:sessions.db` or `sqlite:///var/lib/shop/sessions.db`, and makes the table
    /// if it is not there. A file that is not there either is made, readable by its owner only.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, folder or permission; [`StoreError::Unavailable`] if others hold
    /// the file for longer than the deadline.
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
        let given = |error: Error| StoreError::Misconfigured(format!("SQLite URL: {error}"));
        if url.contains(":memory:") || url.contains("mode=memory") {
            let reason = "SQLite URL: a database in memory is not shared and not kept; use `MemoryStore`";
            return Err(StoreError::Misconfigured(reason.into()));
        }
        let file = SqliteConnectOptions::from_str(url)
            .map_err(given)?
            .synchronous(SqliteSynchronous::Full)
            // Shorter than the deadline, so that the answer is a definite one.
            .busy_timeout(options.deadline * 3 / 4);
        if !url.contains("mode=") {
            make_file(&file)?;
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .connect_lazy_with(file);
        log_ahead(&pool, &options).await?;
        Self::with(pool, options).await
    }
}

/// A new file is its owner's alone; SQLite gives the files beside it the same permissions.
fn make_file(file: &SqliteConnectOptions) -> Result<(), StoreError> {
    let path = file.get_filename();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Misconfigured(format!("SQLite file {}: {error}", path.display())))
        },
        _ => Ok(()),
    }
}

/// Turns on write-ahead logging. The file remembers it, so this is done once; the busy timeout does not hold for it.
async fn log_ahead(pool: &SqlitePool, options: &SqlOptions) -> Result<(), StoreError> {
    let core = Core::<Sqlite3>::lazy(pool.clone(), options.clone())?;
    let begun = tokio::time::Instant::now();
    loop {
        match core
            .script("PRAGMA journal_mode = WAL".into())
            .await
            .map_err(|failed| Failed::at_start::<Sqlite3>(failed, options))
        {
            Err(StoreError::Unavailable(_)) if begun.elapsed() < options.deadline => {
                tokio::time::sleep(options.deadline / 20).await;
            },
            outcome => return outcome,
        }
    }
}

#[derive(Debug)]
pub(super) enum Sqlite3 {}

impl Engine for Sqlite3 {
    type Db = Sqlite;

    const NAME: &'static str = "SQLite";
    const SCHEMA: &'static str = include_str!("../../../sql/sqlite.sql");
    const QUOTE: char = '"';
    // All processes that use a file share the machine's clock.
    const CLOCK: Option<&'static str> = None;
    const SWEEP: &'static str =
        "DELETE FROM {t} WHERE handle IN (SELECT handle FROM {t} WHERE expires <= $1 ORDER BY expires LIMIT $2)";
    const ONE_WRITER: bool = true;

    fn class(error: &dyn DatabaseError) -> Class {
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        // The lower byte is the kind, the rest a detail of it: https://www.sqlite.org/rescode.html
        match code & 0xff {
            1 if error.message().starts_with("no such table") => Class::NoTable,
            1 | 20 | 25 => Class::Misfit,
            8 => Class::ReadOnly,
            3 | 14 | 23 => Class::Denied,
            // It was asked to write or to flush, and cannot say how far it came.
            10 => Class::Broken,
            _ => Class::Refused,
        }
    }

    async fn unfit(_connection: &mut SqliteConnection, _max_bytes: usize) -> Result<Option<String>, Error> {
        Ok(None)
    }

    speak!();
}
