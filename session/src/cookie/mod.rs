//! The session cookie: [`find`] reads it from a request, [`CookiePolicy`] writes it to a response.

mod parse;
mod policy;

pub(crate) use self::parse::{Found, find};
pub(crate) use self::policy::MAX_COOKIE_AGE;
pub use self::policy::{CookiePolicy, SameSite};
