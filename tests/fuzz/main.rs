//! Fuzz targets: each states a property of what is read from outside, for any bytes.
//!
//! `cargo test` runs each target on its corpus and on a fixed number of mutated inputs, the same ones at each run. With
//! `FUZZ_SECONDS`, each target runs for that time, with other inputs at each run:
//!
//! ```text
//! FUZZ_SECONDS=1800 cargo test -p session-tests --test fuzz cookie_header -- --nocapture
//! ```
//!
//! The parsers are reached through the public API, and are compared with reference parsers in this folder, which are
//! written after the documented formats.

mod cookies;
mod harness;
mod keys;
mod locks;
mod records;
mod sealed;
mod urls;
