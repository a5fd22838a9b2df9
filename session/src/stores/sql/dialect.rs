//! What the databases have in common: statements with numbered parameters, and answers that are rows or a count.

use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::{Database, Error};

/// A database, as far as the store has to know the difference.
pub(super) trait Engine: Send + Sync + 'static {
    type Db: Database;

    /// As its users call it.
    const NAME: &'static str;
    /// The parameters of its URL that decide about TLS.
    const TLS: &'static str = "";
    /// The published migration, for a table named `sessions`.
    const SCHEMA: &'static str;
    /// What identifiers are quoted with.
    const QUOTE: char;
    /// Whether parameters may be numbered, `$1`; otherwise each is a `?`.
    const NUMBERED: bool = true;
    /// The database's clock in milliseconds, where it has one of its own.
    const CLOCK: Option<&'static str>;
    /// Replaces on conditions. Where it answers rows, it is one without data if the record was replaced, and otherwise the one that
    /// is stored. Where it counts, and counts nothing, the row is asked for: a revision never comes back, so what is found then says
    /// why.
    const COMMIT: Ask = Ask {
        name: "UPDATE",
        writes: true,
        answers: Answers::Count,
        text: "UPDATE {t} SET epoch = $4, revision = $5, expires = CASE WHEN expires > $6 THEN expires ELSE $6 END, \
               user_hash = $7, data = $8 WHERE handle = $1 AND epoch = $2 AND revision = $3 AND expires > $9",
    };
    /// Removes up to `$2` rows that expired at `$1`.
    const SWEEP: &'static str;
    /// Whether writers of one process shall queue up in it, and not in the database.
    const ONE_WRITER: bool;

    /// What an error of the database means.
    fn class(error: &dyn DatabaseError) -> Class;

    /// Settings of the server that the store cannot work with, found out when it starts.
    fn unfit(
        connection: &mut <Self::Db as Database>::Connection,
        max_bytes: usize,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;

    fn run(
        connection: &mut <Self::Db as Database>::Connection,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Answer, Error>> + Send;

    fn script(
        connection: &mut <Self::Db as Database>::Connection,
        text: String,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A statement's template. `{t}` is the table, `{row}` the columns that make a [`Row`], `$1` and so on are parameters.
pub(super) struct Ask {
    /// What the user must be allowed to do.
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) answers: Answers,
    pub(super) text: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    Rows,
    Count,
}

/// A statement, ready to be sent.
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) answers: Answers,
    pub(super) text: Arc<str>,
    /// Which parameter comes at which place, counted from zero, where the database does not know numbers.
    pub(super) order: Option<Vec<usize>>,
}

impl Statement {
    /// Parameters as `?`, each as often as it occurs: for databases that do not number them.
    pub(super) fn unnumbered(mut self) -> Self {
        let mut parts = self.text.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut order = Vec::new();
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            order.push(number.parse::<usize>().unwrap_or_default().saturating_sub(1));
            text.push('?');
            text.push_str(rest);
        }
        self.text = text.into();
        self.order = Some(order);
        self
    }
}

#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Null,
}

#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) count: u64,
}

/// A stored session, as a table has it.
pub(super) struct Row {
    /// Absent where only the clock was asked for.
    pub(super) handle: Option<Vec<u8>>,
    pub(super) epoch: i64,
    pub(super) revision: i64,
    pub(super) expires: i64,
    /// Absent in the answer to a commit that was applied.
    pub(super) data: Option<Vec<u8>>,
    /// The database's clock.
    pub(super) clock: i64,
}

/// What an error means for the call that it befell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// There is a row of that key.
    Taken,
    /// Others were in the way; nothing was written, and the same call may do better at once.
    Clash,
    /// Nothing was written.
    Refused,
    /// Nothing was written, and this connection leads to a server that takes no writes.
    ReadOnly,
    /// The user may not.
    Denied,
    /// The database does not know the user, or not by that password.
    #[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "a file knows no users"))]
    Stranger,
    /// The database has not proved who it is, or there is no TLS.
    Untrusted,
    /// No such table.
    NoTable,
    /// The table has other columns, or a setting is wrong.
    Misfit,
    /// What is stored is not of the type it should be.
    Garbled,
    /// The connection is of no more use. What was asked may have been done.
    Broken,
}

/// [`Engine::run`] and [`Engine::script`]: the same words for every driver, whose types have no common trait that would let a
/// generic function say them.
macro_rules! speak {
    () => {
        async fn run(
            connection: &mut <Self::Db as sqlx::Database>::Connection,
            statement: &$crate::stores::sql::dialect::Statement,
            values: &[$crate::stores::sql::dialect::Value<'_>],
        ) -> Result<$crate::stores::sql::dialect::Answer, sqlx::Error> {
            use $crate::stores::sql::dialect::{Answer, Answers, Row, Value};
            let mut query = sqlx::query::<Self::Db>(sqlx::AssertSqlSafe(std::sync::Arc::clone(&statement.text)));
            let places = statement.order.as_ref().map_or(values.len(), Vec::len);
            for place in 0..places {
                let number = statement.order.as_ref().and_then(|order| order.get(place)).map_or(place, |at| *at);
                query = match values.get(number) {
                    Some(Value::Int(number)) => query.bind(*number),
                    Some(Value::Bytes(bytes)) => query.bind(*bytes),
                    Some(Value::Null) | None => query.bind(None::<Vec<u8>>),
                };
            }
            if statement.answers == Answers::Count {
                let count = query.execute(connection).await?.rows_affected();
                return Ok(Answer { rows: Vec::new(), count });
            }
            let rows = query.fetch_all(connection).await?;
            let row = |row: &<Self::Db as sqlx::Database>::Row| {
                use sqlx::Row as _;
                Ok(Row {
                    handle: row.try_get(0)?,
                    epoch: row.try_get(1)?,
                    revision: row.try_get(2)?,
                    expires: row.try_get(3)?,
                    data: row.try_get(4)?,
                    clock: row.try_get(5)?,
                })
            };
            Ok(Answer { count: 0, rows: rows.iter().map(row).collect::<Result<_, sqlx::Error>>()? })
        }

        async fn script(
            connection: &mut <Self::Db as sqlx::Database>::Connection,
            text: String,
        ) -> Result<(), sqlx::Error> {
            sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(connection).await.map(|_| ())
        }
    };
}
pub(super) use speak;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_lose_their_numbers_and_keep_their_order() {
        let numbered = Statement {
            name: "",
            writes: false,
            answers: Answers::Rows,
            text: "a = $2, b = $10 WHERE c > $2".into(),
            order: None,
        };
        let statement = numbered.unnumbered();
        assert_eq!(&*statement.text, "a = ?, b = ? WHERE c > ?");
        assert_eq!(statement.order, Some(vec![1, 9, 1]));
    }
}
