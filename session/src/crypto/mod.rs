//! Secret keys, and what is encrypted or signed with them.

pub(crate) mod keys;
pub(crate) mod seal;
