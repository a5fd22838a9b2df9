//! The schema lock: what every release of a session type has stored, in a file that is committed.
//!
//! The derive compares what it can read off the code; what a type looks like inside is compared here, while compiling. The
//! generated test writes the file, and loads what earlier releases have stored with today's code.

mod compare;
mod compatible;
mod file;
mod message;
mod readable;

pub use self::compare::{kept, renamed, same, source};
pub use self::file::{Lock, LockEntry, test};
pub use self::readable::readable;
