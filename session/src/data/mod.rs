//! The stored form of sessions: tokens, records, payloads, and the schema that gives values their types. Pure data and
//! functions.

pub(crate) mod codec;
pub(crate) mod fingerprint;
pub(crate) mod lock;
#[cfg_attr(not(test), expect(dead_code, reason = "the derive uses the rest"))]
pub(crate) mod lock_grammar;
pub(crate) mod merge;
pub(crate) mod payload;
pub(crate) mod record;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod token;
pub(crate) mod validation;
