//! Concurrent clients, some of whose calls are cancelled: one order of all calls must explain all answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;

use super::cancelled::poll_n_then_drop;
use super::linear::{Event, Verdict, judge};
use super::model::Call;
use super::rng::SeededRng;
use super::{Checked, LONG, Run, now, random_id, record, until_known};
use crate::data::record::{OpId, Record};
use crate::data::token::SessionId;
use crate::port::{Store, StoreError};

/// Calls of one client. Eight clients then have 56, and [`judge`] accepts 64.
const CALLS: u32 = 7;

struct Client<S> {
    store: Arc<S>,
    id: SessionId,
    first: Record,
    rng: SeededRng,
    process: u32,
    /// Counts the beginnings and ends of calls, of all clients.
    moments: Arc<AtomicU64>,
}

impl<S: Store> Run<S> {
    pub(super) async fn histories(&mut self) -> Checked {
        for _ in 0..self.rounds / 10 {
            let seed = self.rng.next();
            let history = self.history(&mut SeededRng::new(seed)).await?;
            self.report.histories += 1;
            self.report.calls += history.len() as u64;
            match judge(&history) {
                Verdict::Linearizable => {},
                Verdict::Undecided => self.report.undecided += 1,
                Verdict::Anomaly => {
                    let events: Vec<String> = history.iter().map(|event| format!("\n      {event:?}")).collect();
                    self.violations.push(format!(
                        "seed {}: no order of these calls explains their answers:{}",
                        self.seed,
                        events.concat()
                    ));
                    break;
                },
            }
        }
        self.check(self.report.undecided * 20 <= self.report.histories, "histories are short enough to be judged");
        Ok(())
    }

    async fn history(&mut self, rng: &mut SeededRng) -> Result<Vec<Event>, StoreError> {
        let mut first = record(LONG);
        first.absolute = first.created.saturating_add(LONG * 60);
        let (id, moments) = (random_id(), Arc::default());
        let mut clients = JoinSet::new();
        for process in 0..4 + u32::try_from(rng.below(5)).unwrap_or_default() {
            let client = Client {
                store: Arc::clone(&self.store),
                id,
                first: first.clone(),
                rng: SeededRng::new(rng.next()),
                process: 100 + process,
                moments: Arc::clone(&moments),
            };
            clients.spawn(client.run());
        }
        let mut history = Vec::new();
        while let Some(events) = clients.join_next().await {
            match events {
                Ok(events) => history.extend(events?),
                Err(error) => return Err(StoreError::unknown(error)),
            }
        }
        let _ = until_known(|| self.store.destroy(id, now())).await?;
        // A report of an anomaly is read from the first call to the last.
        history.sort_by_key(|event| event.began);
        Ok(history)
    }
}

impl<S: Store> Client<S> {
    async fn run(mut self) -> Result<Vec<Event>, StoreError> {
        let mut events: Vec<Event> = Vec::new();
        let mut known = self.first.clone();
        for number in 0..CALLS {
            let call = if number == 0 && self.process == 100 {
                Call::Create(self.first.clone())
            } else {
                self.call(number, &known, &events)
            };
            for _ in 0..self.rng.below(3) {
                tokio::task::yield_now().await;
            }
            let cancel_after = if self.rng.once_in(8) { Some(self.rng.below(4)) } else { None };
            let began = self.moments.fetch_add(1, Ordering::SeqCst);
            let answer = match cancel_after {
                None => Some(call.ask(&*self.store, self.id).await),
                Some(polls) => poll_n_then_drop(call.ask(&*self.store, self.id), polls).await,
            };
            let ended = self.moments.fetch_add(1, Ordering::SeqCst);
            let answer = match answer {
                Some(Ok(answer)) => Some(answer),
                None | Some(Err(StoreError::Unknown(_))) => None,
                // The call has not happened.
                Some(Err(StoreError::Unavailable(_))) => continue,
                Some(Err(error)) => return Err(error),
            };
            if let Some(record) = answer.as_ref().and_then(super::model::Answer::record) {
                known = record.clone();
            }
            events.push(Event { call, answer, began, ended });
        }
        Ok(events)
    }

    fn call(&mut self, number: u32, known: &Record, events: &[Event]) -> Call {
        match self.rng.below(16) {
            0..=4 => Call::Load,
            5 | 6 => Call::Touch(self.rng.deadline(&self.first)),
            7 if self.rng.once_in(3) => Call::Destroy,
            // A repetition, as after a lost answer.
            8 | 9 => match events.last() {
                Some(Event { call: call @ Call::Commit { .. }, .. }) => call.clone(),
                _ => Call::Load,
            },
            _ => {
                let op = OpId { process: self.process, sequence: number };
                let next = self.rng.following(known, op);
                Call::commit(known, op, next)
            },
        }
    }
}
