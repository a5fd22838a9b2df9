//! Used by every other module: time and randomness, errors, secrets.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod report;
pub(crate) mod secret;
