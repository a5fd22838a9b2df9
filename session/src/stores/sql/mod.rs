//! [`SqlStore`]: sessions in SQL databases.
//!
//! One table, one row for each session: the bytes of [`Record::encode`](crate::store::Record::encode), and beside them
//! the columns that conditions and indices need.
//!
//! | column | |
//! |---|---|
//! | `handle` | the session's id, the primary key |
//! | `epoch`, `revision` | what a commit compares, beside the last commit in `data`: it is one conditional `UPDATE` |
//! | `expires` | the earlier of the two deadlines; indexed for the sweep, and the only column that a touch writes |
//! | `user_hash` | SHA-256 of the user's key, which can be longer than an index accepts |
//! | `data` | the record |
//!
//! The record is stored as bytes and not as a column for each of its fields, because the bytes have a checksum over the
//! whole record and are the same in every store: a session can move between stores unchanged, and a new field of the
//! header needs no migration. Columns that disagree with the bytes are
//! [`StoreError::Corrupt`](crate::store::StoreError::Corrupt).

mod calls;
mod dialect;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod statements;
mod store;
mod users;

use std::fmt;
use std::sync::Arc;

use sqlx::{Database, Pool};
use tokio::sync::Semaphore;

use self::dialect::{Dialect, ErrorClass};
use self::error::QueryError;
#[cfg(feature = "mysql")]
pub use self::mysql::MySqlStore;
pub use self::options::SqlOptions;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
use self::statement::Value;
use self::statements::Statements;
use crate::port::StoreError;
use crate::port::server_clock::ServerClock;

/// Keeps sessions in a table of an SQL database. Cloning shares the pool.
///
/// `D` is the type of the database in `sqlx`. Use the aliases [`SqliteStore`](type.SqliteStore.html),
/// [`PostgresStore`](type.PostgresStore.html) and [`MySqlStore`](type.MySqlStore.html): their documentation says what
/// each database guarantees, and how to connect by a URL.
///
/// # Constructors
///
/// | from | with default options | with [`SqlOptions`] |
/// |---|---|---|
/// | a URL | `connect` | `connect_with` |
/// | an [`sqlx` pool](sqlx::Pool) | [`from_pool`](Self::from_pool) | [`from_pool_with`](Self::from_pool_with) |
/// | … without any I/O | | [`from_pool_lazy`](Self::from_pool_lazy) |
///
/// The asynchronous ones call [`probe`](Self::probe) before they return, so that a missing table or privilege is found
/// when the program starts.
///
/// # The table
///
/// The store sends `CREATE TABLE` and `CREATE INDEX` only where this is asked for: in [`migrate`](Self::migrate), and
/// in a constructor with [`SqlOptions::create_table`], which is the default for SQLite and for no other database. Or
/// run the statements of [`schema`](Self::schema) with the tool that runs your other migrations. After that, the store
/// needs the privileges `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table, and no others.
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn example(pool: sqlx::PgPool) -> Result<(), session::store::StoreError> {
/// use session::PostgresStore;
/// use session::store::SqlOptions;
///
/// // In the program that migrates the database:
/// PostgresStore::from_pool_lazy(pool.clone(), SqlOptions::new())?.migrate().await?;
/// // In the server:
/// let store = PostgresStore::from_pool(pool).await?;
/// # Ok(()) }
/// ```
pub struct SqlStore<D: Database>(Arc<Shared<D>>);

struct Shared<D: Database> {
    pool: Pool<D>,
    options: SqlOptions,
    statements: Statements,
    clock: ServerClock,
    /// Writers wait here, in their order and without polling, if the database allows one write at a time.
    writers: Semaphore,
}

#[expect(private_bounds, reason = "sealed: the databases are those of this crate")]
impl<D: Dialect> SqlStore<D> {
    /// A store on a `pool` of your own, probed.
    ///
    /// Configure the pool with `test_before_acquire(false)`, which saves a round trip for each call, and with the
    /// session settings that the documentation of the alias names.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use session::PostgresStore;
    ///
    /// let pool = sqlx::PgPool::connect("postgres://shop:secret@db.example/shop").await?;
    /// let store = PostgresStore::from_pool(pool).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, the missing table or the missing privilege;
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn from_pool(pool: Pool<D>) -> Result<Self, StoreError> {
        Self::from_pool_with(pool, SqlOptions::new()).await
    }

    /// As [`from_pool`](Self::from_pool), with `options`.
    ///
    /// ```no_run
    /// # #[cfg(feature = "mysql")]
    /// # async fn example(pool: sqlx::MySqlPool) -> Result<(), session::store::StoreError> {
    /// use session::{MySqlStore, store::SqlOptions};
    ///
    /// let store = MySqlStore::from_pool_with(pool, SqlOptions::new().table("shop_sessions")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_pool`](Self::from_pool).
    pub async fn from_pool_with(pool: Pool<D>, options: SqlOptions) -> Result<Self, StoreError> {
        Self::from_pool_lazy(pool, options)?.started().await
    }

    /// A store on a `pool` of your own that does no I/O until it is used: for programs that may start before their
    /// database does.
    ///
    /// Call [`probe`](Self::probe) or [`migrate`](Self::migrate) when the database should be reachable: nothing is
    /// checked here, and no table is created, whatever [`SqlOptions::create_table`] says.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use session::{PostgresStore, store::SqlOptions};
    ///
    /// let pool = sqlx::PgPool::connect_lazy("postgres://shop:secret@db.example/shop")?;
    /// let store = PostgresStore::from_pool_lazy(pool, SqlOptions::new())?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the option.
    pub fn from_pool_lazy(pool: Pool<D>, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        let statements = Statements::new::<D>(&options);
        let writers = Semaphore::new(if D::ONE_WRITER { 1 } else { Semaphore::MAX_PERMITS });
        Ok(Self(Arc::new(Shared { pool, options, statements, clock: ServerClock::default(), writers })))
    }

    /// The store, after the checks of a constructor.
    async fn started(self) -> Result<Self, StoreError> {
        match self.0.options.creates_table(D::CREATES_TABLE) {
            true => self.migrate().await?,
            false => self.probe().await?,
        }
        Ok(self)
    }

    /// Creates the table and its indices if the table does not exist, and [probes](Self::probe) the store. An existing
    /// table is not changed. Several processes may do so at once.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(pool: sqlx::PgPool) -> Result<(), session::store::StoreError> {
    /// use session::{PostgresStore, store::SqlOptions};
    ///
    /// let store = PostgresStore::from_pool_lazy(pool, SqlOptions::new())?;
    /// store.migrate().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names what is missing, `CREATE TABLE` if it is the privilege to create the table;
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let options = &self.0.options;
        match self.probe_table().await {
            Err(error) if error.class == ErrorClass::NoTable => {
                let created = self.execute_script("CREATE TABLE", options.schema(D::SCHEMA)).await;
                // If several processes create the table at once, one of them succeeds and the others may fail.
                if let Err(error) = self.probe_table().await {
                    return Err(created.err().unwrap_or(error).into_startup_error::<D>(options));
                }
            },
            result => result.map_err(|error| error.into_startup_error::<D>(options))?,
        }
        self.require_server().await
    }

    /// Tries every privilege that the store needs and every column of the table, and checks the server's settings.
    /// Writes nothing.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(store: session::PostgresStore) {
    /// if let Err(error) = store.probe().await {
    ///     eprintln!("sessions are not available: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, the missing table or the missing privilege;
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.probe_table().await.map_err(|error| error.into_startup_error::<D>(&self.0.options))?;
        self.require_server().await
    }

    /// The SQL statements that create the table `sessions` and its indices, if they do not exist: for a migration tool.
    ///
    /// For another [`SqlOptions::table`], replace `sessions` by its name throughout. The statements are also files in
    /// the folder `sql` of the crate.
    ///
    /// ```
    /// # #[cfg(feature = "postgres")]
    /// assert!(session::PostgresStore::schema().contains("CREATE TABLE IF NOT EXISTS \"sessions\""));
    /// ```
    pub const fn schema() -> &'static str {
        D::SCHEMA
    }

    async fn probe_table(&self) -> Result<(), QueryError> {
        let statements = &self.0.statements;
        for probe in &statements.probes {
            self.execute(probe, &[]).await?;
        }
        self.execute(&statements.load, &[Value::Bytes(&[0; 16])]).await.map(|_| ())
    }

    async fn require_server(&self) -> Result<(), StoreError> {
        match self.check_server().await.map_err(QueryError::into_store_error)? {
            Some(problem) => Err(StoreError::Misconfigured(problem)),
            None => Ok(()),
        }
    }
}

impl<D: Database> Clone for SqlStore<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Database> fmt::Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the pool: its options contain the password.
        f.debug_struct("SqlStore").field("database", &D::NAME).field("options", &self.0.options).finish_non_exhaustive()
    }
}
