//! The integration tests: one binary.

mod config;
mod contract;
mod cookies;
mod engine;
mod layering;
mod sections;
mod shop;
mod stored;
