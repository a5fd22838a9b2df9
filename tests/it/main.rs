//! The integration tests: one binary.

mod browser;
mod concurrency;
mod config;
mod contract;
mod cookies;
mod engine;
mod faults;
mod layering;
mod lock;
mod sealed;
mod sections;
mod shapes;
mod shop;
mod stored;
mod vectors;
