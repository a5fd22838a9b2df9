//! Redis with more than one server: replicas, Sentinel, Cluster.

mod cluster;
mod load;
mod replicated;
mod sentinel;
mod window;
