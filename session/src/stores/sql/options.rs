use std::time::Duration;

use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of a store in an SQL database.
#[derive(Clone, Debug)]
pub struct SqlOptions {
    table: String,
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
    pub(super) max_connections: u32,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self { table: "sessions".into(), deadline: Duration::from_secs(1), max_bytes: 1 << 20, max_connections: 8 }
    }
}

impl SqlOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table. Default: `sessions`. One to 48 of `a` to `z`, digits and `_`, and no digit first.
    #[must_use]
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// How long to wait for a connection, and how long for an answer. Default: a second each. At most 60 seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to send. Default: 1 MiB.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// How many connections `connect` opens at most. Default: 8. A pool that you bring has its own setting.
    #[must_use]
    pub fn max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { table, deadline, max_bytes, max_connections } = self;
        if !is_identifier(table) {
            return Err(StoreError::Misconfigured(format!(
                "table {table:?}: use 1 to 48 of a to z, digits and _, and no digit first"
            )));
        }
        check_deadline("deadline", *deadline)?;
        check_max_bytes(*max_bytes, 16)?;
        if !(1..=1000).contains(max_connections) {
            return Err(StoreError::Misconfigured(format!("max_connections {max_connections}: use 1 to 1000")));
        }
        Ok(())
    }

    /// The published migration, for this table. Safe to run: the name has been checked.
    pub(super) fn schema(&self, published: &str) -> String {
        published.replace("sessions", &self.table)
    }

    /// The name, checked and so safe to write into a statement.
    pub(super) fn name(&self) -> &str {
        &self.table
    }
}

/// The longest index name is the table's and eight letters more, and PostgreSQL cuts names off after 63.
fn is_identifier(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=48).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_tables() {
        let long = "x".repeat(49);
        for bad in ["", "x\"; drop table y;--", "Sessions", "1st", "naïve", "a b", "a.b", "a`", "a-b", "x\0", &long] {
            assert!(SqlOptions::new().table(bad).check().is_err(), "{bad}");
        }
        for good in ["sessions", "_", "user", "s2", &long[1..]] {
            assert!(SqlOptions::new().table(good).check().is_ok(), "{good}");
        }
    }

    #[test]
    fn bad_settings_are_refused() {
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
}
