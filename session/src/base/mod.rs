//! Used by every other module: time and randomness, errors and how they are reported, secrets, limits of the log.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod log_limit;
pub(crate) mod report;
pub(crate) mod secret;
pub(crate) mod steady;
