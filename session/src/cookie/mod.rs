//! The cookie: read byte by byte, written by policy.

mod parse;
mod policy;

pub(crate) use self::parse::{Found, find};
pub(crate) use self::policy::LONGEST;
pub use self::policy::{CookiePolicy, SameSite};
