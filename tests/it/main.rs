//! The integration tests: one binary.

mod browser;
mod concurrency;
mod config;
mod contract;
mod cookies;
mod engine;
mod faults;
mod layered;
mod layering;
mod lock;
mod redis;
mod sections;
mod shapes;
mod shop;
mod sql;
mod stored;
mod sweeper;
mod users;
mod vectors;
