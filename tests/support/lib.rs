//! Shared code of the tests: private servers, a client with a cookie jar, and apps.

pub mod browser;
pub mod bucket;
pub mod certificates;
pub mod client;
pub mod counter;
pub mod databases;
pub mod http;
pub mod patient;
pub mod proxy;
pub mod redis_groups;
pub mod release;
pub mod servers;
pub mod simulation;
pub mod wire;

use std::fmt::Display;

/// Prints a figure for the program `figures`, which reads it from the output of the test or bench.
pub fn print_figure(name: impl Display, value: impl Display) {
    println!("figure: {name} = {value}");
}

/// A client of a Redis server. It does not connect.
pub fn redis_client(url: &str) -> redis::Client {
    redis::Client::open(url).expect("a URL")
}

/// The repository's own README, whose examples compile too.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
