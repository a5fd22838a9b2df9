//! [`caught`]: where the application's code may panic, the request that brought the value gets an error.
//!
//! A default, an upgrade, a `merge` function, a rule of validation or an implementation of serde would otherwise end
//! the task of the connection, or fail every request whose changes are committed in the same batch. A program that is
//! compiled with `panic = "abort"` ends all the same.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::SchemaData;
use crate::base::error::{Error, ErrorKind};

/// The application's code has panicked. Its message may quote a value, so it is not kept: the panic hook has printed
/// it.
#[derive(Debug)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it panicked")
    }
}

impl std::error::Error for Panicked {}

/// Runs code of the application. What `run` may leave half done must not be used after a panic.
#[inline]
pub(super) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

#[cold]
pub(super) fn in_field<S: SchemaData>(field: &str, what: &str) -> Error {
    panicked(S::SECTION.name, &format!("field `{field}`: {what}"))
}

#[cold]
pub(super) fn panicked(section: &str, what: &str) -> Error {
    Error::new(ErrorKind::Panicked, format!("session `{section}`: {what} panicked"))
}
