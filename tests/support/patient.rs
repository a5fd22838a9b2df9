//! Store options with long deadlines, for tests that check results and not times: they must not fail on a busy machine.
//! Other tests check deadlines.

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
    SqlOptions::new().create_table(true).deadline(DEADLINE)
}
