//! Garbled answers: an error other than [`StoreError::Unknown`] proves that the write was not applied.

use super::model::{Call, Model, same};
use super::rng::SeededRng;
use super::{Checked, LONG, Run, op, random_id, record};
use crate::data::record::Record;
use crate::data::token::SessionId;
use crate::port::{Committed, Store, StoreError};

/// How often a call is made again whose own answer was garbled.
const TRIES: u32 = 50;

impl<S: Store> Run<S> {
    pub(super) async fn garbled_answers(&mut self) -> Checked {
        let mut rng = SeededRng::new(self.rng.next());
        for round in 0..self.rounds {
            self.garbled_answer(round % 6, &mut rng).await?;
        }
        Ok(())
    }

    /// Makes one write whose answer is garbled.
    async fn garbled_answer(&mut self, kind: u32, rng: &mut SeededRng) -> Checked {
        let id = random_id();
        let mut before = record(LONG);
        before.absolute = before.created.saturating_add(LONG * 60);
        let user = super::users::new_user();
        before.user = self.store.users().map(|_| user.clone());
        let mut model = Model::default();
        if kind > 0 {
            let _ = self.insist(Call::Create(before.clone()), id).await?;
            model.ask(&Call::Create(before.clone()));
        }
        let call = match kind {
            0 => Call::Create(before.clone()),
            1 => Call::Touch(before.idle.saturating_add(LONG * 9)),
            2 => Call::Destroy,
            3 if before.user.is_some() => Call::Revoke(user),
            _ => {
                let mut next = rng.following(&before, op(1));
                next.epoch = before.epoch + u64::from(kind == 5);
                next.user.clone_from(&before.user);
                Call::commit(&before, op(1), next)
            },
        };
        let untouched = model.record().cloned();
        model.ask(&call);
        let applied = model.record().cloned();
        if let Some(garble) = &self.garble {
            garble();
        }
        self.report.garbled += 1;
        let answer = call.ask(&self.store.inner, id).await;
        let found = self.insist_on_load(id).await?;
        let is = |record: &Option<Record>| same(found.as_ref(), record.as_ref());
        let described = match &answer {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => super::in_full(error),
        };
        self.check(
            is(&untouched) || is(&applied),
            &format!("a {call:?} with a garbled answer is applied once or not at all; it answered: {described}"),
        );
        if answer.as_ref().is_err_and(|error| !matches!(error, StoreError::Unknown(_))) {
            self.check(
                is(&untouched),
                &format!("an error but Unknown proves that nothing was applied; {call:?} answered: {described}"),
            );
        }
        if let (Call::Commit { .. }, Err(StoreError::Unknown(_))) = (&call, &answer) {
            let again = self.insist(call, id).await?;
            self.check(
                matches!(again, super::model::Answer::Committed(Committed::Applied)),
                "a commit whose answer was garbled is Applied when it is repeated",
            );
            let found = self.insist_on_load(id).await?;
            self.check(same(found.as_ref(), applied.as_ref()), "a repeated commit is applied once");
        }
        let _ = self.insist(Call::Destroy, id).await?;
        Ok(())
    }

    async fn insist_on_load(&self, id: SessionId) -> Result<Option<Record>, StoreError> {
        Ok(self.insist(Call::Load, id).await?.record().cloned())
    }

    /// Makes `call` until it has an answer: a broken connection may be noticed late.
    async fn insist(&self, call: Call, id: SessionId) -> Result<super::model::Answer, StoreError> {
        let mut tries = 0;
        loop {
            match call.ask(&*self.store, id).await {
                Err(StoreError::Unavailable(_) | StoreError::Unknown(_) | StoreError::Corrupt(_)) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                },
                answer => return answer,
            }
        }
    }
}
