//! The checks of the schema lock that need to know types, as constants that the compiler evaluates.
//!
//! A schema lock is a committed file that says what every release of a session type has stored. The derive compares it
//! with the code as it is written. What depends on the shape of a type is compared here.

mod compare;
mod compatible;
mod message;
mod readable;

pub(crate) use self::compare::render;
pub use self::compare::{assert_compatible, assert_rename_compatible, assert_unchanged, assert_upgrade_source};
pub use self::readable::assert_readable;
