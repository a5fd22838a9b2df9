//! [`Current`]: a connection that can be replaced by a new one while requests use it.

use std::sync::{PoisonError, RwLock};

/// The connection that the next request uses.
pub(super) struct Current<C>(RwLock<(C, u64)>);

impl<C: Clone> Current<C> {
    pub(super) fn new(connection: C) -> Self {
        Self(RwLock::new((connection, 0)))
    }

    /// The connection, and the number of those that were in its place before.
    pub(super) fn get(&self) -> (C, u64) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the connection with the number `replaced`, unless another request has.
    pub(super) fn replace(&self, replaced: u64, open: impl FnOnce() -> Option<C>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if current.1 == replaced
            && let Some(connection) = open()
        {
            *current = (connection, replaced + 1);
        }
    }
}
