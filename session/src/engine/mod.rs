//! The engine: one request's session from load to commit. It knows no framework and no backend.

pub(crate) mod commit;
pub(crate) mod commit_queue;
pub(crate) mod config;
pub(crate) mod delta;
pub(crate) mod handle;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod run_to_completion;
pub(crate) mod sessions;
pub(crate) mod sweeper;
pub(crate) mod user_sessions;
