//! The integration tests: one binary.

mod browser;
mod concurrency;
mod config;
mod contract;
mod cookies;
mod engine;
mod evolution;
mod faults;
mod layering;
mod sections;
mod shop;
mod stored;
mod validation;
mod vectors;
