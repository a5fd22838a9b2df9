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
mod layering;
mod lock;
mod opendal;
mod sealed;
mod sections;
mod secured;
mod shapes;
mod shop;
mod sql;
mod stored;
mod sweeper;
mod urls;
mod users;
mod validation;
mod vectors;
mod wrap;
