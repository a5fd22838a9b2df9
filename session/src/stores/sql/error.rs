//! [`QueryError`]: why a statement failed, and what the caller of the store is told.

use sqlx::Error;

use super::dialect::{Dialect, ErrorClass};
use super::options::SqlOptions;
use crate::base::error::Corrupt;
use crate::port::StoreError;

/// The error of a URL, which messages call `what`, without the value of a parameter that the driver quotes: it contains
/// a password if another URL follows a comma, or `;password=…`.
pub(super) fn refused_url(what: &str, error: &Error) -> StoreError {
    let text = error.to_string();
    let fault = match (text.split_once('"'), text.rsplit_once('"')) {
        (Some((before, _)), Some((_, after))) => format!("{}{after}", before.trim_end()),
        _ => text,
    };
    StoreError::Misconfigured(format!("{what}: {}", fault.replace("error with configuration: ", "")))
}

/// Why a statement failed.
pub(super) struct QueryError {
    /// The statement's name.
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) class: ErrorClass,
    pub(super) cause: String,
}

impl QueryError {
    /// Whether the same statement can be sent again without the danger that it is executed twice.
    pub(super) fn is_retryable(&self) -> bool {
        self.class == ErrorClass::SerializationFailure || (self.class == ErrorClass::ConnectionLost && !self.writes)
    }

    /// The error of a call.
    pub(super) fn into_store_error(self) -> StoreError {
        let Self { name, writes, class, cause } = self;
        let cause = format!("{name}: {cause}");
        match class {
            // The answer to a write has no value of the table that this store did not write.
            ErrorClass::Corrupt | ErrorClass::ConnectionLost | ErrorClass::Unproven if writes => {
                StoreError::unknown(cause)
            },
            ErrorClass::Corrupt => corrupt_column(),
            ErrorClass::PermissionDenied
            | ErrorClass::AuthFailed
            | ErrorClass::TlsFailed
            | ErrorClass::NoDatabase
            | ErrorClass::NoTable
            | ErrorClass::Rejected
            | ErrorClass::SchemaMismatch => StoreError::Misconfigured(cause),
            ErrorClass::Full => StoreError::full(cause),
            ErrorClass::ConnectionLost
            | ErrorClass::Unproven
            | ErrorClass::UniqueViolation
            | ErrorClass::SerializationFailure
            | ErrorClass::NotApplied
            | ErrorClass::ReadOnly => StoreError::unavailable(cause),
        }
    }

    /// The error of a constructor, a probe or a migration: says what to change.
    pub(super) fn into_startup_error<D: Dialect>(self, options: &SqlOptions) -> StoreError {
        let (name, table, product) = (self.name, options.table_name(), D::NAME);
        let advice = match self.class {
            ErrorClass::PermissionDenied => {
                format!("the {product} user lacks the permission for {name} on the table {table}")
            },
            ErrorClass::AuthFailed => format!("{product} refuses the user or the password, or requires TLS"),
            ErrorClass::TlsFailed => format!(
                "{product} does not support TLS, or its certificate is not trusted; set `{}` in the URL",
                D::TLS
            ),
            ErrorClass::NoDatabase => format!("{product} has no database with the name in the URL"),
            ErrorClass::NoTable => format!(
                "{product} has no table {table}; call `migrate`, set `SqlOptions::create_table(true)`, or run the \
                 published schema"
            ),
            ErrorClass::SchemaMismatch => {
                format!("{name} does not fit the table {table} in {product}; compare it with the published schema")
            },
            ErrorClass::ReadOnly => format!("this {product} server accepts no writes"),
            _ => return self.into_store_error(),
        };
        StoreError::Misconfigured(format!("{advice}: {}", self.cause))
    }
}

/// The class of an error of a statement.
pub(super) fn classify<D: Dialect>(error: &Error) -> ErrorClass {
    match error {
        Error::Database(error) if error.is_unique_violation() => ErrorClass::UniqueViolation,
        Error::Database(error) => D::classify(&**error),
        Error::Configuration(_) | Error::InvalidArgument(_) => ErrorClass::SchemaMismatch,
        Error::ColumnDecode { .. } | Error::Decode(_) => ErrorClass::Corrupt,
        Error::PoolTimedOut | Error::PoolClosed => ErrorClass::NotApplied,
        _ => ErrorClass::ConnectionLost,
    }
}

/// The error as a text that quotes nothing that is stored.
pub(super) fn describe<D: Dialect>(error: &Error) -> String {
    match error {
        Error::Database(database) => match classify::<D>(error) {
            ErrorClass::UniqueViolation | ErrorClass::Rejected | ErrorClass::ConnectionLost | ErrorClass::Unproven => {
                format!("error {} of {}", D::code(&**database), D::NAME)
            },
            _ => database.to_string(),
        },
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::Protocol(_) => {
            "the answer is not one to this statement".into()
        },
        error => error.to_string(),
    }
}

/// An answer that the database does not give to this statement.
#[cold]
pub(super) fn unexpected(name: &str) -> StoreError {
    StoreError::unknown(format!("{name}: the answer is not one to this statement"))
}

/// The class of an error that came before a statement was sent.
pub(super) fn classify_unconnected<D: Dialect>(error: &Error) -> ErrorClass {
    match error {
        Error::Tls(_) => ErrorClass::TlsFailed,
        // A TLS handshake fails with this if the certificate is not trusted.
        Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => ErrorClass::TlsFailed,
        error => match classify::<D>(error) {
            class @ (ErrorClass::PermissionDenied
            | ErrorClass::AuthFailed
            | ErrorClass::NoDatabase
            | ErrorClass::SchemaMismatch) => class,
            _ => ErrorClass::NotApplied,
        },
    }
}

#[cold]
pub(super) fn corrupt_column() -> StoreError {
    Corrupt::new("a column has a value that this store did not write").into()
}
