//! Settings of stores that may take their time: where a test asks what is lost and not how soon, a busy machine is no failure.
//! Deadlines have tests of their own.

use std::time::Duration;

use session::store::{FileOptions, OpendalOptions, RedisOptions, SqlOptions};

const DEADLINE: Duration = Duration::from_mins(1);

pub fn file() -> FileOptions {
    FileOptions::new().deadline(DEADLINE)
}

pub fn objects() -> OpendalOptions {
    OpendalOptions::new().deadline(DEADLINE)
}

pub fn redis() -> RedisOptions {
    RedisOptions::new().deadline(DEADLINE)
}

pub fn sql() -> SqlOptions {
    SqlOptions::new().deadline(DEADLINE)
}
