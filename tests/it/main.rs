//! The integration tests: one binary.

mod browser;
mod concurrency;
mod config;
mod contract;
mod cookies;
mod crashes;
mod engine;
mod evolution;
mod faults;
mod file;
mod layered;
mod layering;
mod lock;
mod redis;
mod sealed;
mod sections;
mod shapes;
mod shop;
mod sql;
mod stored;
mod sweeper;
mod users;
mod validation;
mod vectors;
mod wrap;
