//! The integration tests: one binary.

mod contract;
mod shop;
