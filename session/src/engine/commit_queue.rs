//! [`Lines`]: the commits of this process to one session wait in line, and one of them carries the others along.
//!
//! Whoever comes to an empty place leads at once and owes nobody a wake-up. Whoever comes while somebody leads waits. A leader
//! that is done hands over to the first that waits, with the record it has just written and with all that can be committed
//! together with it. So 64 requests that change one session make a few compare-and-sets and not a retry storm.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::error::Error;
use crate::data::record::Record;
use crate::data::token::{IdMap, SessionId, VerifierHash};
use crate::engine::delta::Delta;

/// A delta that wants to be committed.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) delta: Arc<Delta>,
    /// The record it was made from, or a later one.
    pub(crate) base: Arc<Record>,
    /// What the session is opened with afterwards, for a change of privilege.
    pub(crate) verifier: Option<VerifierHash>,
}

pub(crate) type Outcome = Result<Arc<Record>, Error>;

/// Work on its way, and where its outcome goes.
pub(crate) struct Passenger {
    pub(crate) work: Work,
    /// `None` is the leader itself.
    turn: Option<(oneshot::Sender<Turn>, Instant)>,
}

impl Passenger {
    fn leader(work: Option<Work>) -> Vec<Self> {
        work.map_or_else(Vec::new, |work| vec![Self { work, turn: None }])
    }

    /// Sends the outcome on. The leader's own comes back.
    pub(crate) fn tell(self, outcome: Outcome) -> Option<Outcome> {
        let Some((turn, _)) = self.turn else {
            return Some(outcome);
        };
        // Whoever has left does not want to know.
        let _ = turn.send(Turn::Done(outcome));
        None
    }
}

struct Waiter {
    /// `None` wants to lead alone: its change is made on the record it finds.
    work: Option<Work>,
    turn: oneshot::Sender<Turn>,
    since: Instant,
}

impl Waiter {
    fn can_ride(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.verifier.is_none())
    }
}

enum Turn {
    Done(Outcome),
    Lead { latest: Option<Arc<Record>>, aboard: Vec<Passenger>, since: Instant },
}

const SHARDS: usize = 16;

/// All lines of one process: one for each session that is being written right now.
#[derive(Default)]
pub(crate) struct Lines {
    shards: [Mutex<IdMap<VecDeque<Waiter>>>; SHARDS],
}

/// What waiting in line came to.
pub(crate) enum Place<'a> {
    /// A leader took the work along.
    Done(Outcome),
    /// Lead: commit the work of all who are aboard.
    Lead(Lead<'a>),
}

/// The right to write to one session. Dropping it hands it on.
pub(crate) struct Lead<'a> {
    lines: &'a Lines,
    id: SessionId,
    /// The record as last written by this process, if known.
    pub(crate) latest: Option<Arc<Record>>,
    /// The leader's own work first, if it has any.
    pub(crate) aboard: Vec<Passenger>,
    /// Since when the leader waits, if it did not come to an empty place.
    pub(crate) since: Option<Instant>,
}

impl Lines {
    /// Waits for a turn, or for somebody to do the `work`.
    pub(crate) async fn enter(&self, id: SessionId, work: Option<Work>) -> Place<'_> {
        let waiting = {
            let mut shard = self.shard(id);
            match shard.get_mut(&id) {
                None => {
                    shard.insert(id, VecDeque::new());
                    let aboard = Passenger::leader(work);
                    return Place::Lead(Lead { lines: self, id, latest: None, aboard, since: None });
                },
                Some(line) => {
                    let (turn, waiting) = oneshot::channel();
                    line.push_back(Waiter { work, turn, since: Instant::now() });
                    waiting
                },
            }
        };
        let mut waiting = Waiting { lines: self, id, turn: waiting };
        match (&mut waiting.turn).await {
            Ok(Turn::Done(outcome)) => Place::Done(outcome),
            Ok(Turn::Lead { latest, aboard, since }) => {
                Place::Lead(Lead { lines: self, id, latest, aboard, since: Some(since) })
            },
            // Only a runtime that shuts down drops a leader with its passengers.
            Err(_) => Place::Done(Err(Error::new(crate::ErrorKind::Unknown, "the commit was cut off by a shutdown"))),
        }
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, IdMap<VecDeque<Waiter>>> {
        let [first, ..] = id.as_bytes();
        let [only, ..] = &self.shards;
        self.shards.get(usize::from(*first) % SHARDS).unwrap_or(only).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the first that still waits the leader, or closes the line.
    fn hand_on(&self, id: SessionId, latest: Option<&Arc<Record>>) {
        let mut shard = self.shard(id);
        let Some(line) = shard.get_mut(&id) else {
            return;
        };
        while let Some(first) = line.pop_front() {
            let takes_others = first.can_ride();
            let mut aboard = Passenger::leader(first.work);
            while takes_others && line.front().is_some_and(Waiter::can_ride) {
                if let Some(Waiter { work: Some(work), turn, since }) = line.pop_front() {
                    aboard.push(Passenger { work, turn: Some((turn, since)) });
                }
            }
            match first.turn.send(Turn::Lead { latest: latest.cloned(), aboard, since: first.since }) {
                Ok(()) => return,
                // It has left: the next one leads, and what would have ridden waits on, in order.
                Err(Turn::Lead { aboard, .. }) => wait_on(line, aboard),
                Err(Turn::Done(_)) => {},
            }
        }
        shard.remove(&id);
    }
}

impl Lead<'_> {
    /// Lets passengers wait on, before everybody who came later.
    pub(crate) fn put_back(&self, passengers: Vec<Passenger>) {
        let mut shard = self.lines.shard(self.id);
        if let Some(line) = shard.get_mut(&self.id) {
            wait_on(line, passengers);
        }
    }
}

/// Back to the front of the line, in order; for a leader there is nothing to wait for.
fn wait_on(line: &mut VecDeque<Waiter>, passengers: Vec<Passenger>) {
    for Passenger { work, turn } in passengers.into_iter().rev() {
        if let Some((turn, since)) = turn {
            line.push_front(Waiter { work: Some(work), turn, since });
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.lines.hand_on(self.id, self.latest.as_ref());
    }
}

/// A turn that is waited for. If the waiter leaves with the lead in its hands, the lead must go on.
struct Waiting<'a> {
    lines: &'a Lines,
    id: SessionId,
    turn: oneshot::Receiver<Turn>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.turn.close();
        if let Ok(Turn::Lead { latest, aboard, .. }) = self.turn.try_recv() {
            for passenger in aboard {
                passenger.tell(Err(Error::new(
                    crate::ErrorKind::Unavailable,
                    "the commit was cut off; nothing was written",
                )));
            }
            self.lines.hand_on(self.id, latest.as_ref());
        }
    }
}
