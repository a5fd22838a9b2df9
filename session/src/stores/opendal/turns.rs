use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::data::token::{IdMap, SessionId};

/// Whose turn it is with each session, within this process: for services that check no conditions.
#[derive(Default)]
pub(super) struct Turns(Mutex<IdMap<Arc<tokio::sync::Mutex<()>>>>);

/// While somebody has it, nobody else in this process reads or writes the session's object.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    pub(super) async fn wait(&self, id: SessionId) -> Turn {
        let turn = self.of(id);
        turn.lock_owned().await
    }

    fn of(&self, id: SessionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the map grows, those leave whom nobody holds or waits for. Nobody can come to one meanwhile: the map is ours.
        if turns.len() == turns.capacity() {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(id).or_default())
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
    async fn one_has_the_turn_and_those_who_left_leave_nothing() {
        let turns = Turns::default();
        let held = turns.wait(id(0)).await;
        for number in 1..10_000 {
            let _turn = turns.wait(id(number)).await;
        }
        assert!(turns.0.lock().unwrap().len() < 100);
        assert!(turns.of(id(0)).try_lock_owned().is_err());
        drop(held);
        assert!(turns.of(id(0)).try_lock_owned().is_ok());
    }
}
