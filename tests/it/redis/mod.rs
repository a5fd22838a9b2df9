//! Redis with more than one server.

mod cluster;
mod load;
mod replicated;
mod sentinel;
mod window;
