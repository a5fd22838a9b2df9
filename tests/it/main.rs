//! The integration tests: one binary.

mod browser;
mod concurrency;
mod config;
mod contract;
mod cookies;
mod crashes;
mod engine;
mod faults;
mod file;
mod layering;
mod lock;
mod sections;
mod shapes;
mod shop;
mod sql;
mod stored;
mod sweeper;
mod users;
mod vectors;
mod wrap;
