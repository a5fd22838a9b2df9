//! Cancelled calls: each call is dropped at each point where it can be suspended. It must happen entirely or not at
//! all.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::model::{Call, Model, same};
use super::rng::SeededRng;
use super::{Checked, LONG, Run, now, op, random_id, record, until_known};
use crate::data::token::SessionId;
use crate::port::{Committed, Store, StoreError};

/// No call is polled more often.
const MAX_POLLS: u64 = 200;

/// Polls `future` at most `polls` times, then drops it. `None` if it was not ready by then.
pub(super) async fn poll_n_then_drop<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left > 0 {
            left -= 1;
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
        }
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

impl<S: Store> Run<S> {
    pub(super) async fn cancellation(&mut self) -> Checked {
        let mut rng = SeededRng::new(self.rng.next());
        // Repeated, because a server's progress at the moment of the cancellation varies.
        for _ in 0..self.rounds / 100 {
            for kind in 0..6 {
                for polls in 0..MAX_POLLS {
                    if self.cancelled(kind, polls, &mut rng).await? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Cancels one call after `polls` polls. Returns whether the call had returned by then.
    async fn cancelled(&mut self, kind: u32, polls: u64, rng: &mut SeededRng) -> Result<bool, StoreError> {
        let id = random_id();
        let mut before = record(LONG);
        before.absolute = before.created.saturating_add(LONG * 60);
        before.user = None;
        let mut model = Model::default();
        if kind > 0 {
            let create = Call::Create(before.clone());
            if let Err(StoreError::Unknown(_)) = create.ask(&*self.store, id).await {
                return Ok(false);
            }
            model.ask(&create);
        }
        let call = match kind {
            0 => Call::Create(before),
            1 => Call::Load,
            2 => Call::Touch(before.idle.saturating_add(LONG * 9)),
            3 => Call::Destroy,
            _ => {
                let mut next = rng.following(&before, op(1));
                if kind == 5 {
                    next.epoch = before.epoch + 1;
                    next.user = Some(super::users::new_user());
                }
                Call::commit(&before, op(1), next)
            },
        };
        let answer = poll_n_then_drop(call.ask(&*self.store, id), polls).await;
        let has_returned = answer.is_some();
        let answer = match answer {
            // As if it had been cancelled.
            Some(Err(StoreError::Unknown(_))) => None,
            answer => answer.transpose()?,
        };
        let mut allowed = vec![model.record().cloned()];
        model.ask(&call);
        if answer.is_some() {
            allowed.clear();
        } else {
            self.report.cancellations += 1;
        }
        allowed.push(model.record().cloned());
        // The call may still be in flight and happen later, so the record is loaded twice, and then written to.
        for _ in 0..2 {
            let found = self.store.load(id, now()).await?;
            let whole = allowed.iter().any(|allowed| same(found.as_ref(), allowed.as_ref()));
            self.check(whole, "a cancelled call happens entirely or not at all");
        }
        self.still_works(id).await?;
        let _ = until_known(|| self.store.destroy(id, now())).await?;
        Ok(has_returned)
    }

    /// A cancelled call leaves no lock behind.
    async fn still_works(&mut self, id: SessionId) -> Checked {
        for sequence in 2..6 {
            let Some(current) = self.store.load(id, now()).await? else {
                return Ok(());
            };
            let next = super::following(&current, op(sequence));
            match self.commit(id, &current, op(sequence), &next).await? {
                Committed::Applied | Committed::Gone => return Ok(()),
                Committed::Conflict(_) | Committed::Superseded => {},
            }
        }
        self.check(false, "a cancelled call does not prevent later writes");
        Ok(())
    }
}
