//! What the tests share: servers of their own, and a client with a cookie jar.

pub mod browser;
pub mod bucket;
pub mod certificates;
pub mod client;
pub mod counter;
pub mod databases;
pub mod http;
pub mod patient;
pub mod redis_groups;
pub mod release;
pub mod servers;
pub mod wire;

/// A client of a Redis server, connected or not.
pub fn redis_client(url: &str) -> redis::Client {
    redis::Client::open(url).expect("a URL")
}
