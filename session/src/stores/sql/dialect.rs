//! [`Dialect`]: the differences between the databases.

use sqlx::error::DatabaseError;
use sqlx::{Database, Error};

use super::statement::{QueryResult, ResultKind, Statement, Template, Value};

/// What the store must know about a database. `sqlx`'s own type of the database implements it.
pub(super) trait Dialect: Database {
    /// The parameters of its URL that configure TLS.
    const TLS: &'static str = "";
    /// The published schema, for a table named `sessions`.
    const SCHEMA: &'static str;
    /// Whether the store creates a missing table unless [`SqlOptions::create_table`](super::SqlOptions::create_table)
    /// says otherwise.
    const CREATES_TABLE: bool;
    /// The quotation mark of identifiers.
    const QUOTE: char;
    /// Whether parameters can be numbered, as in `$1`; otherwise each is a `?`.
    const NUMBERED: bool = true;
    /// An expression for the server's time in milliseconds, if the database has a clock of its own.
    const CLOCK: Option<&'static str>;
    /// Replaces a record if epoch, revision and last commit are the expected ones. The last commit is in the record's
    /// bytes, and positions count from one.
    ///
    /// A dialect that returns rows returns one without data if the record was replaced, and otherwise the stored row. A
    /// dialect that returns a count of zero needs a second statement, which reads the stored row. What it finds is
    /// still the reason, because a revision of one commit occurs once.
    const COMMIT: Template = Template {
        name: "UPDATE",
        writes: true,
        result: ResultKind::Count,
        text: "UPDATE {t} SET epoch = $4, revision = $5, expires = CASE WHEN expires > $6 THEN expires ELSE $6 END, \
               user_hash = $7, data = $8 \
               WHERE handle = $1 AND epoch = $2 AND revision = $3 AND SUBSTR(data, 133, 8) = $10 AND expires > $9",
    };
    /// Removes up to `$2` rows that have expired at the time `$1`.
    const SWEEP: &'static str;
    /// Whether writers of one process wait in the process for their turn, because the database allows one write at a
    /// time.
    const ONE_WRITER: bool;

    /// What an error of the database means. Every error that is not known to leave all rows as they were is
    /// [`ErrorClass::Unproven`] or [`ErrorClass::ConnectionLost`].
    fn classify(error: &dyn DatabaseError) -> ErrorClass;

    /// The error's code, as the database's documentation lists it.
    fn code(error: &dyn DatabaseError) -> String {
        error.code().unwrap_or_default().into_owned()
    }

    /// A text about a setting of the server that the store cannot work with, if there is one.
    fn check_server(
        connection: &mut Self::Connection,
        max_bytes: usize,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;

    /// Executes `statement` with `values` as its parameters.
    fn run(
        connection: &mut Self::Connection,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<QueryResult, Error>> + Send;

    /// Executes statements without parameters and results.
    fn run_script(connection: &mut Self::Connection, text: String) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What an error means for the call that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// There is a row with that key already.
    UniqueViolation,
    /// Other transactions were in the way. Nothing was written, and the same call can succeed at once.
    SerializationFailure,
    /// Nothing was written.
    NotApplied,
    /// Nothing was written, because the database has no room.
    Full,
    /// A column accepts no such value. Nothing was written. The message may quote the value.
    #[cfg_attr(not(any(feature = "mysql", feature = "postgres")), expect(dead_code, reason = "not of SQLite"))]
    Rejected,
    /// An error that does not prove that nothing was written: a proxy may have lost the answer.
    Unproven,
    /// Nothing was written, and the server of this connection accepts no writes.
    ReadOnly,
    /// The user lacks the privilege.
    PermissionDenied,
    /// The database refuses the user or the password.
    #[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "SQLite has no users"))]
    AuthFailed,
    /// The server's certificate is not trusted, or the server does not support TLS.
    TlsFailed,
    /// The database that the URL names does not exist, or the URL names none.
    #[cfg_attr(not(any(feature = "postgres", feature = "mysql")), expect(dead_code, reason = "SQLite is a file"))]
    NoDatabase,
    /// The table does not exist.
    NoTable,
    /// The table has other columns, or a setting is wrong.
    SchemaMismatch,
    /// A stored value has another type than its column's.
    Corrupt,
    /// The connection cannot be used any more. The statement may have been executed.
    ConnectionLost,
}

/// Implements [`Dialect::run`] and [`Dialect::run_script`]. The code is the same for every driver, but a generic
/// function would need a dozen bounds on the associated types of [`Database`].
macro_rules! impl_driver {
    () => {
        async fn run(
            connection: &mut Self::Connection,
            statement: &$crate::stores::sql::statement::Statement,
            values: &[$crate::stores::sql::statement::Value<'_>],
        ) -> Result<$crate::stores::sql::statement::QueryResult, sqlx::Error> {
            use $crate::stores::sql::statement::{QueryResult, ResultKind, Row, Value};
            let mut query = sqlx::query::<Self>(sqlx::AssertSqlSafe(std::sync::Arc::clone(&statement.text)));
            let places = statement.order.as_ref().map_or(values.len(), Vec::len);
            for place in 0..places {
                let number = statement.order.as_ref().and_then(|order| order.get(place)).map_or(place, |at| *at);
                query = match values.get(number) {
                    Some(Value::Int(number)) => query.bind(*number),
                    Some(Value::Bytes(bytes)) => query.bind(*bytes),
                    Some(Value::Null) | None => query.bind(None::<Vec<u8>>),
                };
            }
            if statement.result == ResultKind::Count {
                let count = query.execute(connection).await?.rows_affected();
                return Ok(QueryResult { rows: Vec::new(), count });
            }
            let rows = query.fetch_all(connection).await?;
            let row = |row: &<Self as sqlx::Database>::Row| {
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
            Ok(QueryResult { count: 0, rows: rows.iter().map(row).collect::<Result<_, sqlx::Error>>()? })
        }

        async fn run_script(connection: &mut Self::Connection, text: String) -> Result<(), sqlx::Error> {
            sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(connection).await.map(|_| ())
        }
    };
}
pub(super) use impl_driver;
