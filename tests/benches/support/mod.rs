//! What the benches share.

pub mod data;
pub mod hand;
