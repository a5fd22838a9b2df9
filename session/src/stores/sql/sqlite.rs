use std::str::FromStr as _;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Error, Sqlite, SqliteConnection};

use super::SqlStore;
use super::dialect::{Dialect, ErrorClass, impl_driver};
use super::error::refused_url;
use super::options::SqlOptions;
use crate::port::StoreError;
use crate::port::options::check_scheme;

/// Keeps sessions in a SQLite file, shared by all processes of one machine. Cloning shares the connections.
///
/// ```no_run
/// # use session::{Session, Sessions, SqliteStore};
/// # #[derive(Session)]
/// # struct Shop { visits: u64 }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStore::connect("sqlite:sessions.db").await?;
/// let sessions = Sessions::<Shop>::builder().store(store).build()?;
/// # Ok(()) }
/// ```
///
/// [`SqlStore`] lists the constructors. They create the table if it does not exist, unless [`SqlOptions::create_table`]
/// forbids it.
///
/// # Guarantees
///
/// Every call is one statement and one transaction; a commit that is refused takes a second statement, which reads the
/// reason. A statement that writes takes the write lock before it reads, as `BEGIN IMMEDIATE` would, so nothing is
/// decided on outdated data:
///
/// ```sql
/// UPDATE "sessions" SET epoch = $4, revision = $5, …, data = $8
///  WHERE handle = $1 AND epoch = $2 AND revision = $3 AND SUBSTR(data, 133, 8) = $10 AND expires > $9
/// ```
///
/// `connect` turns on write-ahead logging, so that readers and the writer do not wait for each other, and `synchronous
/// = FULL`: a change that was answered survives a power failure. SQLite allows one write at a time. The writers of one
/// process wait in a queue; those of several processes wait for each other for up to three quarters of
/// [`SqlOptions::deadline`], after which the call is [`StoreError::Unavailable`] and nothing was written. Do not put
/// the file on a network file system.
///
/// For a pool of your own, set `journal_mode`, `synchronous` and a `busy_timeout` shorter than the deadline.
pub type SqliteStore = SqlStore<Sqlite>;

impl SqlStore<Sqlite> {
    /// Opens the SQLite file that `url` names, such as `sqlite:sessions.db` or `sqlite:///var/lib/shop/sessions.db`.
    ///
    /// A missing file is created, readable and writable by its owner only, and so is a missing table.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use session::SqliteStore;
    ///
    /// # let folder = std::env::temp_dir().join(format!("session-sqlite-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let url = format!("sqlite://{}/sessions.db", folder.display());
    /// # let url = url.as_str();
    /// # /*
    /// let url = "sqlite:sessions.db";
    /// # */
    /// let store = SqliteStore::connect(url).await?;
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), session::store::StoreError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, folder or permission; [`StoreError::Unavailable`] if other
    /// processes lock the file for longer than the deadline.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, SqlOptions::new()).await
    }

    /// As [`connect`](Self::connect), with `options`. With
    /// [`SqlOptions::create_table(false)`](SqlOptions::create_table), neither a file nor a table is created.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::{SqliteStore, store::SqlOptions};
    ///
    /// let store = SqliteStore::connect_with("sqlite:shop.db", SqlOptions::new().table("shop_sessions")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        check_scheme("SQLite URL", url, &["sqlite"])?;
        if url.contains(":memory:") || url.contains("mode=memory") {
            let text = "SQLite URL: a database in memory is neither shared nor kept; use `MemoryStore`";
            return Err(StoreError::Misconfigured(text.into()));
        }
        let file = SqliteConnectOptions::from_str(url)
            .map_err(|error| refused_url("SQLite URL", &error))?
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(options.server_timeout());
        if options.creates_table(Sqlite::CREATES_TABLE) && !url.contains("mode=") {
            create_file(&file)?;
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(options.connection_limit())
            .acquire_timeout(options.deadline)
            .test_before_acquire(false)
            .connect_lazy_with(file);
        let store = Self::from_pool_lazy(pool, options)?;
        store.enable_write_ahead_log().await?;
        store.started().await
    }

    /// Turns on write-ahead logging, which the file remembers. Repeated here while the file is locked, because SQLite
    /// does not apply the busy timeout to this statement.
    async fn enable_write_ahead_log(&self) -> Result<(), StoreError> {
        let options = &self.0.options;
        let started = tokio::time::Instant::now();
        loop {
            let enabled = self.execute_script("PRAGMA journal_mode", "PRAGMA journal_mode = WAL".into()).await;
            match enabled.map_err(|error| error.into_startup_error::<Sqlite>(options)) {
                Err(StoreError::Unavailable(_)) if started.elapsed() < options.deadline => {
                    tokio::time::sleep(options.deadline / 20).await;
                },
                result => return result,
            }
        }
    }
}

/// Creates the file, if it does not exist, for its owner only. SQLite gives the files beside it the same permissions.
fn create_file(file: &SqliteConnectOptions) -> Result<(), StoreError> {
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

impl Dialect for Sqlite {
    const SCHEMA: &'static str = include_str!("../../../sql/sqlite.sql");
    const CREATES_TABLE: bool = true;
    const QUOTE: char = '"';
    // All processes that share a file share the machine's clock.
    const CLOCK: Option<&'static str> = None;
    const SWEEP: &'static str =
        "DELETE FROM {t} WHERE handle IN (SELECT handle FROM {t} WHERE expires <= $1 ORDER BY expires LIMIT $2)";
    const ONE_WRITER: bool = true;

    fn classify(error: &dyn DatabaseError) -> ErrorClass {
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        // The lower byte is the primary result code: https://www.sqlite.org/rescode.html
        match code & 0xff {
            1 if error.message().starts_with("no such table") => ErrorClass::NoTable,
            1 | 20 | 25 => ErrorClass::SchemaMismatch,
            8 => ErrorClass::ReadOnly,
            3 | 14 | 23 => ErrorClass::PermissionDenied,
            13 => ErrorClass::Full,
            // A lock, no memory, an interruption, a changed schema, a limit, a constraint, and a file of another kind.
            5..=7 | 9 | 17..=19 | 26 => ErrorClass::NotApplied,
            // An I/O error while writing or flushing: how much was written is unknown.
            10 => ErrorClass::ConnectionLost,
            _ => ErrorClass::Unproven,
        }
    }

    async fn check_server(_connection: &mut SqliteConnection, _max_bytes: usize) -> Result<Option<String>, Error> {
        Ok(None)
    }

    impl_driver!();
}
