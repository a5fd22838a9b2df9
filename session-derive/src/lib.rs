//! The derive macro of the `session` crate.
