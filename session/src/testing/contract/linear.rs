//! Linearizability: whether the answers of concurrent clients can come from one call after the other.
//!
//! The search of Wing and Gong, "Testing and verifying concurrent objects", 1993, with the memoization of Lowe,
//! "Testing for linearizability", 2017: whether the remaining calls can be explained depends only on the set of calls
//! explained so far and on the state that they lead to.

use std::collections::HashSet;

use super::model::{Answer, Call, Model};

/// More than any history of the contract needs.
const MAX_STATES: usize = 1_000_000;

/// A call of one client, between two moments of one counter.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) call: Call,
    /// `None` if the answer is unknown: the call may have happened at any time after it began, or never.
    pub(super) answer: Option<Answer>,
    pub(super) began: u64,
    pub(super) ended: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Linearizable,
    Anomaly,
    /// There were too many states to search.
    Undecided,
}

/// Judges up to 64 events.
pub(super) fn judge(history: &[Event]) -> Verdict {
    let answered = mask(history, |event| event.answer.is_some());
    let mut seen = HashSet::new();
    let mut open = vec![(0_u64, Model::default())];
    while let Some((explained, model)) = open.pop() {
        if answered & !explained == 0 {
            return Verdict::Linearizable;
        }
        if seen.len() >= MAX_STATES {
            return Verdict::Undecided;
        }
        if !seen.insert((explained, model.bytes())) {
            continue;
        }
        let left = || history.iter().enumerate().filter(|(index, _)| explained >> index & 1 == 0);
        // The next call in the order must have begun before every remaining call ended.
        let first_end = left().filter(|(_, event)| event.answer.is_some()).map(|(_, event)| event.ended).min();
        for (index, event) in left().filter(|(_, event)| first_end.is_none_or(|end| event.began < end)) {
            let mut after = model.clone();
            let answer = after.ask(&event.call);
            if event.answer.as_ref().is_none_or(|seen| seen.agrees(&answer)) {
                open.push((explained | 1 << index, after));
            }
        }
    }
    Verdict::Anomaly
}

fn mask(history: &[Event], holds: impl Fn(&Event) -> bool) -> u64 {
    history.iter().enumerate().filter(|(_, event)| holds(event)).fold(0, |mask, (index, _)| mask | 1 << index)
}

#[cfg(test)]
mod tests {
    use super::super::{LONG, following, op, record};
    use super::*;
    use crate::data::record::Record;
    use crate::port::{Committed, Created, Destroyed};

    fn event(call: Call, answer: Option<Answer>, began: u64, ended: u64) -> Event {
        Event { call, answer, began, ended }
    }

    fn created(first: &Record) -> Event {
        event(Call::Create(first.clone()), Some(Answer::Created(Created::Created)), 0, 1)
    }

    fn commit(base: &Record, sequence: u32, answer: Option<Committed>, began: u64, ended: u64) -> Event {
        let next = following(base, op(sequence));
        event(Call::commit(base, op(sequence), next), answer.map(Answer::Committed), began, ended)
    }

    fn loaded(record: Option<&Record>, began: u64, ended: u64) -> Event {
        event(Call::Load, Some(Answer::Loaded(record.cloned().map(Box::new))), began, ended)
    }

    #[test]
    fn only_overlapping_calls_may_be_reordered() {
        let first = record(LONG);
        let second = following(&first, op(1));
        let overlapping =
            [created(&first), commit(&first, 1, Some(Committed::Applied), 2, 9), loaded(Some(&first), 3, 4)];
        assert_eq!(judge(&overlapping), Verdict::Linearizable);
        let overlapping =
            [created(&first), commit(&first, 1, Some(Committed::Applied), 2, 9), loaded(Some(&second), 3, 4)];
        assert_eq!(judge(&overlapping), Verdict::Linearizable);
        let stale = [created(&first), commit(&first, 1, Some(Committed::Applied), 2, 3), loaded(Some(&first), 4, 5)];
        assert_eq!(judge(&stale), Verdict::Anomaly);
        let back = [
            created(&first),
            commit(&first, 1, Some(Committed::Applied), 2, 9),
            loaded(Some(&second), 3, 4),
            loaded(Some(&first), 5, 6),
        ];
        assert_eq!(judge(&back), Verdict::Anomaly, "a later load does not see an older record");
    }

    #[test]
    fn a_lost_update_and_a_resurrection_are_anomalies() {
        let first = record(LONG);
        let both = [
            created(&first),
            commit(&first, 1, Some(Committed::Applied), 2, 9),
            commit(&first, 2, Some(Committed::Applied), 3, 8),
        ];
        assert_eq!(judge(&both), Verdict::Anomaly);
        let destroyed = |began, ended| event(Call::Destroy, Some(Answer::Destroyed(Destroyed::Existed)), began, ended);
        let resurrected =
            [created(&first), destroyed(2, 6), commit(&first, 1, Some(Committed::Applied), 3, 9), loaded(None, 10, 11)];
        assert_eq!(judge(&resurrected), Verdict::Linearizable);
        let resurrected =
            [created(&first), destroyed(2, 3), commit(&first, 1, Some(Committed::Applied), 4, 9), loaded(None, 10, 11)];
        assert_eq!(judge(&resurrected), Verdict::Anomaly);
    }

    #[test]
    fn a_call_without_an_answer_happens_late_or_never_and_at_most_once() {
        let first = record(LONG);
        let second = following(&first, op(1));
        let unknown = || commit(&first, 1, None, 2, u64::MAX);
        for seen in [&first, &second] {
            assert_eq!(judge(&[created(&first), unknown(), loaded(Some(seen), 8, 9)]), Verdict::Linearizable);
        }
        let late = [created(&first), unknown(), loaded(Some(&first), 4, 5), loaded(Some(&second), 8, 9)];
        assert_eq!(judge(&late), Verdict::Linearizable);
        let early = [created(&first), loaded(Some(&second), 2, 3), commit(&first, 1, None, 4, u64::MAX)];
        assert_eq!(judge(&early), Verdict::Anomaly, "not before it began");
    }
}
