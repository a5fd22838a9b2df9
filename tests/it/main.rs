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
mod lock;
mod opendal;
mod sections;
mod shapes;
mod shop;
mod sql;
mod stored;
mod sweeper;
mod users;
mod validation;
mod vectors;
