//! Random sequences of calls, one after the other: the store answers what the model answers.

use bytes::Bytes;

use super::model::{Call, Model};
use super::rng::SeededRng;
use super::{Checked, LONG, Run, now, random_id, record};
use crate::data::record::{OpId, Record, UserKey};
use crate::port::{Store, StoreError};

/// Calls in one sequence.
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

    /// Asks all of it of a new session. Answers the first call that the store answers otherwise than the model, and how.
    async fn differs(&self, calls: &[Call]) -> Result<Option<(usize, String)>, StoreError> {
        let (id, mut model) = (random_id(), Model::default());
        let mut difference = None;
        for (step, call) in calls.iter().enumerate() {
            let (wanted, got) = (model.ask(call), call.ask(&*self.store, id).await?);
            if !got.agrees(&wanted) {
                difference = Some((step, format!("the store answers {got:?} instead of {wanted:?}")));
                break;
            }
        }
        // Else it would be found as somebody's in the next run.
        let _ = self.store.destroy(id, now()).await?;
        Ok(difference)
    }

    /// Leaves out what is not needed to see a difference.
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

/// Shorter sequences that might still show it, the shortest first: a beginning made one `create` of what it leads to, or a few
/// calls in a row left out.
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
    found.retain(|calls: &Vec<Call>| are_lawful(calls));
    found.sort_by_key(Vec::len);
    found
}

/// Whether a store owes an answer to each of `calls`.
fn are_lawful(calls: &[Call]) -> bool {
    let mut model = Model::default();
    calls.iter().all(|call| {
        let lawful = model.may_be_asked(call);
        model.ask(call);
        lawful
    })
}

/// Thinks up calls that mean something: commits of what was there now or before.
struct Generator {
    rng: SeededRng,
    users: bool,
    people: [UserKey; 2],
    model: Model,
    calls: Vec<Call>,
    known: Vec<Record>,
}

impl Generator {
    fn new(seed: u64, users: bool) -> Self {
        let people = [0, 1].map(|number| UserKey(Bytes::from(format!("\"{}-{number}\"", random_id()))));
        Self { rng: SeededRng::new(seed), users, people, model: Model::default(), calls: Vec::new(), known: Vec::new() }
    }

    fn calls(mut self) -> Vec<Call> {
        for number in 0..=self.rng.below(LENGTH) {
            let call = self.call(u32::try_from(number).unwrap_or_default());
            // What was there before a session was destroyed can be another user's record at the same revision.
            let call = if self.model.may_be_asked(&call) { call } else { Call::Load };
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
            10 if self.users => self.somebody().map_or(Call::Load, Call::Revoke),
            11 | 12 if self.users => self.somebody().map_or(Call::Load, Call::List),
            13 => Call::Sweep,
            14 | 15 => self.again(),
            _ => self.commit(number),
        }
    }

    fn create(&mut self) -> Call {
        let mut first = record(LONG);
        first.absolute = first.created.saturating_add(LONG * 60);
        first.idle = self.rng.deadline(&first);
        first.user = self.somebody().filter(|_| self.users);
        Call::Create(first)
    }

    /// A commit that was made before, as after a lost answer.
    fn again(&mut self) -> Call {
        match self.rng.pick(&self.calls) {
            Some(call @ Call::Commit { .. }) => call.clone(),
            _ => Call::Load,
        }
    }

    fn commit(&mut self, number: u32) -> Call {
        let stale = if self.rng.once_in(3) { self.rng.pick(&self.known).cloned() } else { None };
        let base = stale.or_else(|| self.model.record().cloned()).or_else(|| self.known.last().cloned());
        let base = base.unwrap_or_else(|| record(LONG));
        // More processes than a record remembers.
        let process = 1 + u32::try_from(self.rng.below(11)).unwrap_or_default();
        let op = OpId { process, sequence: number };
        let mut next = self.rng.following(&base, op);
        if next.epoch != base.epoch && self.rng.once_in(2) {
            next.user = if self.rng.once_in(3) { None } else { self.somebody() };
        }
        Call::commit(&base, op, next)
    }

    fn somebody(&mut self) -> Option<UserKey> {
        self.rng.pick(&self.people).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_that_the_contract_does_not_answer() {
        for seed in 0..500 {
            let calls = Generator::new(seed, true).calls();
            assert!(are_lawful(&calls), "seed {seed}: {calls:?}");
            assert!(simpler(&calls).iter().all(|calls| are_lawful(calls)), "seed {seed}: {calls:?}");
        }
    }
}
