//! Redis with more than one server: replicas, Sentinel, Cluster; and what a server refuses at the start.

mod cluster;
mod load;
mod replicated;
mod sentinel;
mod start;
mod window;
