//! Used by every other module: time and randomness, errors and how they are reported, secrets.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod report;
pub(crate) mod secret;
