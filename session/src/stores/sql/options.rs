use std::time::Duration;

use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of a [`SqlStore`](super::SqlStore).
///
/// ```
/// use std::time::Duration;
/// use session::store::SqlOptions;
///
/// let options = SqlOptions::new().table("shop_sessions").deadline(Duration::from_millis(300));
/// ```
#[derive(Clone, Debug)]
pub struct SqlOptions {
    table: String,
    create_table: Option<bool>,
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
    max_connections: u32,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self {
            table: "sessions".into(),
            create_table: None,
            deadline: Duration::from_secs(1),
            max_bytes: 1 << 20,
            max_connections: 8,
        }
    }
}

impl SqlOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the table. Default: `sessions`. Use 1 to 48 of `a` to `z`, digits and `_`, and no digit first.
    #[must_use]
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// Whether a constructor creates a missing table. Default: `true` for SQLite, `false` for PostgreSQL and MySQL.
    ///
    /// A SQLite file belongs to the program, and the constructor creates the file as well. A database server is shared:
    /// without this setting the store sends it no `CREATE TABLE` or `CREATE INDEX`, and needs no privilege for them. An
    /// existing table is never changed.
    ///
    /// The other ways to create the table are [`SqlStore::migrate`](super::SqlStore::migrate) and the statements of
    /// [`SqlStore::schema`](super::SqlStore::schema).
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::{PostgresStore, store::SqlOptions};
    ///
    /// let options = SqlOptions::new().create_table(true);
    /// let store = PostgresStore::connect_with("postgres://shop:secret@db.example/shop", options).await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn create_table(mut self, create_table: bool) -> Self {
        self.create_table = Some(create_table);
        self
    }

    /// The time limit for a connection, and the time limit for an answer. Default: 1 s each. Use 1 ms to 60 s.
    ///
    /// A call that exceeds one is [`StoreError::Unavailable`], or [`StoreError::Unknown`] if it may have been applied.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to write, in bytes. Default: 1 MiB. Use 1 KiB to 16 MiB.
    ///
    /// A larger record is [`StoreError::TooLarge`], and nothing is sent.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// How many connections `connect` and `connect_with` open at most. Default: 8. Use 1 to 1000. A pool of your own
    /// has its own setting.
    #[must_use]
    pub fn max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { table, create_table: _, deadline, max_bytes, max_connections } = self;
        if !is_identifier(table) {
            let text = format!("table {table:?}: use 1 to 48 of a to z, digits and _, and no digit first");
            return Err(StoreError::Misconfigured(text));
        }
        if !(1..=1000).contains(max_connections) {
            return Err(StoreError::Misconfigured(format!("max_connections {max_connections}: use 1 to 1000")));
        }
        check_deadline("deadline", *deadline)?;
        check_max_bytes(*max_bytes, 16)
    }

    /// The published schema for this table. Safe to execute, because [`check`](Self::check) has accepted the name.
    pub(super) fn schema(&self, published: &str) -> String {
        published.replace("sessions", &self.table)
    }

    /// The name of the table. Safe in a statement, because [`check`](Self::check) has accepted it.
    pub(super) fn table_name(&self) -> &str {
        &self.table
    }

    pub(super) fn creates_table(&self, default: bool) -> bool {
        self.create_table.unwrap_or(default)
    }

    pub(super) fn connection_limit(&self) -> u32 {
        self.max_connections
    }

    /// How long the database itself may wait or work: shorter than the deadline, so that its error, which says that
    /// nothing was written, comes before the store gives up.
    pub(super) fn server_timeout(&self) -> Duration {
        self.deadline * 3 / 4
    }
}

/// The longest name of an index is the table's and nine bytes more, and PostgreSQL truncates names to 63 bytes.
fn is_identifier(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=48).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_are_plain_identifiers() {
        let long = "x".repeat(49);
        for bad in ["", "x\"; drop table y;--", "Sessions", "1st", "naïve", "a b", "a.b", "a`", "a-b", "x\0", &long] {
            assert!(SqlOptions::new().table(bad).check().is_err(), "{bad}");
        }
        for good in ["sessions", "_", "user", "s2", &long[1..]] {
            assert!(SqlOptions::new().table(good).check().is_ok(), "{good}");
        }
    }

    #[test]
    fn values_out_of_range_are_misconfigured() {
        let new = SqlOptions::new;
        let bad = [
            new().deadline(Duration::ZERO),
            new().deadline(Duration::from_secs(61)),
            new().max_bytes(0),
            new().max_bytes(usize::MAX),
            new().max_connections(0),
        ];
        for options in bad {
            assert!(matches!(options.check(), Err(StoreError::Misconfigured(_))), "{options:?}");
        }
    }

    #[test]
    fn a_table_is_created_by_default_or_as_the_option_says() {
        for default in [false, true] {
            assert_eq!(SqlOptions::new().creates_table(default), default);
            assert!(SqlOptions::new().create_table(true).creates_table(default));
            assert!(!SqlOptions::new().create_table(false).creates_table(default));
        }
    }
}
