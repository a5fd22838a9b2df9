//! Races of a few calls on one record. A call that fails is no violation: what counts is what is stored.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Checked, LONG, Run, following, in_full, name_of, now, op, random_id, record, until_known};
use crate::data::record::OpId;
use crate::data::token::SessionId;
use crate::port::{Commit, Committed, Created, Store, StoreError};

/// Tasks that count, and how far each counts.
const TASKS: u32 = 8;
const COMMITS: u32 = 50;

/// What the outcomes of equal calls were, and how often each.
fn counts<T: Debug>(outcomes: &[Result<T, StoreError>], name: impl Fn(&T) -> String) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        let name = match outcome {
            Ok(outcome) => name(outcome),
            Err(error) => format!("the error \u{201c}{}\u{201d}", in_full(error)),
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

impl<S: Store> Run<S> {
    pub(super) async fn races(&mut self) -> Checked {
        self.exact_counting().await?;
        self.one_creator().await?;
        self.one_rotation().await?;
        self.no_resurrection().await
    }

    /// Eight tasks add one to the same number, fifty times each, by compare-and-set.
    async fn exact_counting(&mut self) -> Checked {
        let (id, _) = self.filed(LONG).await?;
        let mut tasks = JoinSet::new();
        for process in 0..TASKS {
            let store = Arc::clone(&self.store);
            tasks.spawn(count(store, id, 100 + process));
        }
        while let Some(task) = tasks.join_next().await {
            let complaint = match task {
                Ok(Ok(())) => None,
                Ok(Err(complaint)) => Some(complaint),
                Err(panic) => Some(panic.to_string()),
            };
            let statement = "compare-and-set by eight tasks fails only by Conflict with a newer record";
            let statement =
                complaint.as_ref().map_or(statement.into(), |complaint| format!("{statement}: {complaint}"));
            self.check(complaint.is_none(), &statement);
        }
        let found = self.store.load(id, now()).await?.map(|found| found.revision);
        let wanted = u64::from(TASKS * COMMITS) + 1;
        self.check(
            found == Some(wanted),
            &format!(
                "no commit of eight tasks is lost, and none counts twice: revision {wanted} is wanted and {found:?} \
                 stored"
            ),
        );
        self.report.races += u64::from(TASKS * COMMITS);
        Ok(())
    }

    async fn one_creator(&mut self) -> Checked {
        for _ in 0..20 {
            let id = random_id();
            let mut tasks = JoinSet::new();
            for _ in 0..16 {
                let store = Arc::clone(&self.store);
                tasks.spawn(async move { store.create(id, &record(LONG), now()).await });
            }
            let outcomes = tasks.join_all().await;
            let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            let winners = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Created::Created))).count();
            let holds = winners == 1 || winners == 0 && failed > 0;
            let seen = counts(&outcomes, |created| format!("{created:?}"));
            self.check(holds, &with_counts(holds, "of sixteen creates under one id, one is Created", &seen));
            self.report.races += 1;
        }
        Ok(())
    }

    async fn one_rotation(&mut self) -> Checked {
        for _ in 0..self.rounds / 16 {
            let (id, first) = self.filed(LONG).await?;
            let mut tasks = JoinSet::new();
            for process in 1..=16 {
                let (store, first) = (Arc::clone(&self.store), first.clone());
                tasks.spawn(async move {
                    let op = OpId { process, sequence: 0 };
                    let mut next = following(&first, op);
                    next.epoch += 1;
                    store.commit(id, Commit::new(&first, op, &next), now()).await
                });
            }
            let outcomes = tasks.join_all().await;
            let seen = counts(&outcomes, |committed| name_of(committed).into());
            let count = |wanted| seen.get(wanted).copied().unwrap_or_default();
            let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            let (applied, superseded) = (count("Applied"), count("Superseded"));
            let holds = applied + superseded + failed == 16 && (applied == 1 || applied == 0 && failed > 0);
            let statement = "of sixteen rotations one is Applied, the others are Superseded";
            self.check(holds, &with_counts(holds, statement, &seen));
            self.report.races += 16;
        }
        Ok(())
    }

    async fn no_resurrection(&mut self) -> Checked {
        for _ in 0..self.rounds {
            let (id, first) = self.filed(LONG).await?;
            let (store, other) = (Arc::clone(&self.store), Arc::clone(&self.store));
            let commit = tokio::spawn(async move {
                let next = following(&first, op(1));
                let committed = store.commit(id, Commit::new(&first, op(1), &next), now()).await;
                let touched = store.touch(id, next.idle.saturating_add(LONG), now()).await;
                committed.map(|_| ()).and(touched.map(|_| ()))
            });
            let destroy = tokio::spawn(async move { until_known(|| other.destroy(id, now())).await.map(|_| ()) });
            for (name, outcome) in [("commit and touch", commit.await), ("destroy", destroy.await)] {
                let complaint = match outcome {
                    Ok(Ok(()) | Err(StoreError::Unknown(_))) if name != "destroy" => String::new(),
                    Ok(Ok(())) => String::new(),
                    Ok(Err(error)) => format!(": {name}: {}", in_full(&error)),
                    Err(panic) => format!(": {name}: {panic}"),
                };
                let statement = format!("a race of commit and destroy has outcomes, not errors{complaint}");
                self.check(complaint.is_empty(), &statement);
            }
            let found = self.store.load(id, now()).await?;
            self.check(found.is_none(), "a destroyed record stays destroyed, whatever call races with it");
            self.report.races += 1;
        }
        Ok(())
    }
}

/// The statement, and what was seen if it does not hold.
fn with_counts(holds: bool, statement: &str, seen: &BTreeMap<String, usize>) -> String {
    if holds { statement.to_owned() } else { format!("{statement}: {seen:?}") }
}

/// Adds to the revision of `id`. The error says which call had which answer.
async fn count<S: Store>(store: Arc<S>, id: SessionId, process: u32) -> Result<(), String> {
    let failed = |call: &str, number: u32, error: &StoreError| {
        format!("task {process}, commit {number} of {COMMITS}: {call}: {}", in_full(error))
    };
    for sequence in 0..COMMITS {
        let op = OpId { process, sequence };
        let loaded = store.load(id, now()).await.map_err(|error| failed("load", sequence, &error))?;
        let Some(mut current) = loaded else {
            return Err(format!("task {process}, commit {sequence} of {COMMITS}: load: no record"));
        };
        loop {
            let next = following(&current, op);
            let committed = until_known(|| store.commit(id, Commit::new(&current, op, &next), now())).await;
            match committed.map_err(|error| failed("commit", sequence, &error))? {
                Committed::Applied => break,
                Committed::Conflict(fresh) if fresh.revision > current.revision => current = *fresh,
                Committed::Conflict(fresh) => {
                    return Err(format!(
                        "task {process}, commit {sequence} of {COMMITS} at revision {}: Conflict with revision {}",
                        current.revision, fresh.revision
                    ));
                },
                other => {
                    let (name, revision) = (name_of(&other), current.revision);
                    return Err(format!(
                        "task {process}, commit {sequence} of {COMMITS} at revision {revision}: {name}"
                    ));
                },
            }
        }
    }
    Ok(())
}
