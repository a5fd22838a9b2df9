//! [`SessionLocks`]: mutual exclusion within this process, for services that check no conditions.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::data::token::{IdMap, SessionId};

/// A lock for each session that is in use.
#[derive(Default)]
pub(super) struct SessionLocks(Mutex<IdMap<Arc<tokio::sync::Mutex<()>>>>);

/// While it lives, no other call of this process reads or writes the session's object.
pub(super) type SessionGuard = OwnedMutexGuard<()>;

impl SessionLocks {
    /// Waits for the lock of `id`.
    pub(super) async fn lock(&self, id: SessionId) -> SessionGuard {
        let lock = self.lock_of(id);
        lock.lock_owned().await
    }

    fn lock_of(&self, id: SessionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the map grows, locks without a holder or waiter are removed. A lock gets a new waiter only through the
        // map, which is locked here.
        if locks.len() == locks.capacity() {
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        Arc::clone(locks.entry(id).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> SessionId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        SessionId::from_bytes(bytes)
    }

    #[tokio::test]
    async fn a_lock_excludes_others_and_released_locks_are_removed() {
        let locks = SessionLocks::default();
        let held = locks.lock(id(0)).await;
        for number in 1..10_000 {
            let _guard = locks.lock(id(number)).await;
        }
        assert!(locks.0.lock().unwrap().len() < 100);
        assert!(locks.lock_of(id(0)).try_lock_owned().is_err());
        drop(held);
        assert!(locks.lock_of(id(0)).try_lock_owned().is_ok());
    }
}
