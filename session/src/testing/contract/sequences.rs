//! Random sequences of calls: the store must answer what the model answers.

use bytes::Bytes;

use super::model::{Call, Model};
use super::rng::SeededRng;
use super::{Checked, LONG, Run, now, random_id, record};
use crate::data::record::{OpId, Record, UserKey};
use crate::port::{Store, StoreError};

/// The most calls in one sequence.
const LENGTH: u64 = 40;

impl<S: Store> Run<S> {
    pub(super) async fn sequences(&mut self) -> Checked {
        for _ in 0..self.rounds / 10 {
            let seed = self.rng.next();
            let calls = Generator::new(seed, self.store.users().is_some()).calls();
            self.report.sequences += 1;
            self.report.calls += calls.len() as u64;
            let Some((step, complaint)) = self.differs(&calls).await? else {
                continue;
            };
            let (calls, complaint) = self.shrunk(calls, step, complaint).await?;
            let calls = calls.iter().map(|call| format!("{call:?}")).collect::<Vec<_>>().join(", ");
            self.violations.push(format!("seed {}: after [{calls}] {complaint}", self.seed));
            break;
        }
        Ok(())
    }

    /// Makes the calls on a new session. Returns the index of the first call whose answer differs from the model's, and
    /// the difference.
    async fn differs(&self, calls: &[Call]) -> Result<Option<(usize, String)>, StoreError> {
        let (id, mut model) = (random_id(), Model::default());
        let mut difference = None;
        for (step, call) in calls.iter().enumerate() {
            let wanted = model.ask(call);
            let got = match call.ask(&*self.store, id).await {
                // What is stored is not known, so the rest of the sequence says nothing.
                Err(StoreError::Unknown(_)) => break,
                got => got?,
            };
            if !got.agrees(&wanted) {
                difference = Some((step, format!("the store answers {got:?} instead of {wanted:?}")));
                break;
            }
        }
        // Otherwise the user index would find it in the next run of a shrunk sequence.
        match self.store.destroy(id, now()).await {
            Ok(_) | Err(StoreError::Unknown(_)) => Ok(difference),
            Err(error) => Err(error),
        }
    }

    /// Removes the calls that are not needed for a difference.
    async fn shrunk(
        &self,
        mut calls: Vec<Call>,
        step: usize,
        mut complaint: String,
    ) -> Result<(Vec<Call>, String), StoreError> {
        calls.truncate(step + 1);
        loop {
            let mut shorter = None;
            for fewer in simpler(&calls) {
                if let Some((step, said)) = self.differs(&fewer).await? {
                    shorter = Some((fewer, step, said));
                    break;
                }
            }
            let Some((fewer, step, said)) = shorter else {
                return Ok((calls, complaint));
            };
            (calls, complaint) = (fewer, said);
            calls.truncate(step + 1);
        }
    }
}

/// Shorter sequences that may still show the difference, the shortest first. Either some consecutive calls are left
/// out, or the first calls are replaced by one `create` of the record that they lead to.
fn simpler(calls: &[Call]) -> Vec<Vec<Call>> {
    let mut found = Vec::new();
    let mut model = Model::default();
    for (at, call) in calls.iter().enumerate() {
        model.ask(call);
        if let Some(record) = model.record().filter(|_| at > 0) {
            let rest = calls.iter().skip(at + 1).cloned();
            found.push(std::iter::once(Call::Create(record.clone())).chain(rest).collect());
        }
    }
    for length in 1..=calls.len() / 2 {
        for at in 0..=calls.len() - length {
            found.push(calls.iter().take(at).chain(calls.iter().skip(at + length)).cloned().collect());
        }
    }
    found.retain(|calls: &Vec<Call>| are_permitted(calls));
    found.sort_by_key(Vec::len);
    found
}

/// Whether the contract defines the answer to each of `calls`.
fn are_permitted(calls: &[Call]) -> bool {
    let mut model = Model::default();
    calls.iter().all(|call| {
        let permitted = model.permits(call);
        model.ask(call);
        permitted
    })
}

/// Generates meaningful calls: commits on records that exist now or existed before.
struct Generator {
    rng: SeededRng,
    has_user_index: bool,
    user_keys: [UserKey; 2],
    model: Model,
    calls: Vec<Call>,
    known: Vec<Record>,
}

impl Generator {
    fn new(seed: u64, has_user_index: bool) -> Self {
        let user_keys = [0, 1].map(|number| UserKey(Bytes::from(format!("\"{}-{number}\"", random_id()))));
        Self {
            rng: SeededRng::new(seed),
            has_user_index,
            user_keys,
            model: Model::default(),
            calls: Vec::new(),
            known: Vec::new(),
        }
    }

    fn calls(mut self) -> Vec<Call> {
        for number in 0..=self.rng.below(LENGTH) {
            let call = self.call(u32::try_from(number).unwrap_or_default());
            // A commit on a record from before a `destroy` could change the user without the epoch.
            let call = if self.model.permits(&call) { call } else { Call::Load };
            self.model.ask(&call);
            self.known.extend(self.model.record().cloned());
            self.calls.push(call);
        }
        self.calls
    }

    fn call(&mut self, number: u32) -> Call {
        match self.rng.below(24) {
            0 | 1 => self.create(),
            _ if self.known.is_empty() => self.create(),
            2..=5 => Call::Load,
            6..=8 => Call::Touch(self.known.first().map_or_else(now, |first| self.rng.deadline(first))),
            9 => Call::Destroy,
            10 if self.has_user_index => self.user_key().map_or(Call::Load, Call::Revoke),
            11 | 12 if self.has_user_index => self.user_key().map_or(Call::Load, Call::List),
            13 => Call::Sweep,
            14 | 15 => self.repetition(),
            _ => self.commit(number),
        }
    }

    fn create(&mut self) -> Call {
        let mut first = record(LONG);
        first.absolute = first.created.saturating_add(LONG * 60);
        first.idle = self.rng.deadline(&first);
        first.user = self.user_key().filter(|_| self.has_user_index);
        Call::Create(first)
    }

    /// A repeated commit, as after a lost answer.
    fn repetition(&mut self) -> Call {
        match self.rng.pick(&self.calls) {
            Some(call @ Call::Commit { .. }) => call.clone(),
            _ => Call::Load,
        }
    }

    fn commit(&mut self, number: u32) -> Call {
        let older = if self.rng.once_in(3) { self.rng.pick(&self.known).cloned() } else { None };
        let base = older.or_else(|| self.model.record().cloned()).or_else(|| self.known.last().cloned());
        let base = base.unwrap_or_else(|| record(LONG));
        // More processes than a record remembers.
        let process = 1 + u32::try_from(self.rng.below(11)).unwrap_or_default();
        let op = OpId { process, sequence: number };
        let mut next = self.rng.following(&base, op);
        if next.epoch != base.epoch && self.rng.once_in(2) {
            next.user = if self.rng.once_in(3) { None } else { self.user_key() };
        }
        Call::commit(&base, op, next)
    }

    fn user_key(&mut self) -> Option<UserKey> {
        self.rng.pick(&self.user_keys).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_defines_the_answer_to_every_generated_call() {
        for seed in 0..500 {
            let calls = Generator::new(seed, true).calls();
            assert!(are_permitted(&calls), "seed {seed}: {calls:?}");
            assert!(simpler(&calls).iter().all(|calls| are_permitted(calls)), "seed {seed}: {calls:?}");
        }
    }
}
