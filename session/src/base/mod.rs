//! What every other module uses: time and randomness, errors, secrets.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod secret;
