//! [`CommitQueue`]: the commits of this process to one session wait in line, and one of them carries the others along.
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
pub(crate) struct CommitRequest {
    pub(crate) delta: Arc<Delta>,
    /// The record it was made from, or a later one.
    pub(crate) base: Arc<Record>,
    /// What the session is opened with afterwards, for a change of privilege.
    pub(crate) verifier: Option<VerifierHash>,
}

pub(crate) type Outcome = Result<Arc<Record>, Error>;

/// A request on its way, and where its outcome goes.
pub(crate) struct PendingCommit {
    pub(crate) request: CommitRequest,
    /// `None` is the leader itself.
    wakeup: Option<(oneshot::Sender<Wakeup>, Instant)>,
}

impl PendingCommit {
    fn leader(request: Option<CommitRequest>) -> Vec<Self> {
        request.map_or_else(Vec::new, |request| vec![Self { request, wakeup: None }])
    }

    /// Sends the outcome on. The leader's own comes back.
    pub(crate) fn send_outcome(self, outcome: Outcome) -> Option<Outcome> {
        let Some((wakeup, _)) = self.wakeup else {
            return Some(outcome);
        };
        // Whoever has left does not want to know.
        let _ = wakeup.send(Wakeup::Done(outcome));
        None
    }
}

struct Waiter {
    /// `None` wants to lead alone: its change is made on the record it finds.
    request: Option<CommitRequest>,
    wakeup: oneshot::Sender<Wakeup>,
    since: Instant,
}

impl Waiter {
    fn can_batch(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.verifier.is_none())
    }
}

enum Wakeup {
    Done(Outcome),
    Leader { latest: Option<Arc<Record>>, batch: Vec<PendingCommit>, since: Instant },
}

const SHARDS: usize = 16;

/// All queue of one process: one for each session that is being written right now.
#[derive(Default)]
pub(crate) struct CommitQueue {
    shards: [Mutex<IdMap<VecDeque<Waiter>>>; SHARDS],
}

/// What waiting in line came to.
pub(crate) enum Admission<'a> {
    /// A leader took the request along.
    Done(Outcome),
    /// Leader: commit the request of all who are batch.
    Leader(Leader<'a>),
}

/// The right to write to one session. Dropping it hands it on.
pub(crate) struct Leader<'a> {
    queue: &'a CommitQueue,
    id: SessionId,
    /// The record as last written by this process, if known.
    pub(crate) latest: Option<Arc<Record>>,
    /// The leader's own request first, if it has any.
    pub(crate) batch: Vec<PendingCommit>,
    /// Since when the leader waits, if it did not come to an empty place.
    pub(crate) since: Option<Instant>,
}

impl CommitQueue {
    /// Waits for a wakeup, or for somebody to do the `request`.
    pub(crate) async fn enter(&self, id: SessionId, request: Option<CommitRequest>) -> Admission<'_> {
        let waiting = {
            let mut shard = self.shard(id);
            match shard.get_mut(&id) {
                None => {
                    shard.insert(id, VecDeque::new());
                    let batch = PendingCommit::leader(request);
                    return Admission::Leader(Leader { queue: self, id, latest: None, batch, since: None });
                },
                Some(line) => {
                    let (wakeup, waiting) = oneshot::channel();
                    line.push_back(Waiter { request, wakeup, since: Instant::now() });
                    waiting
                },
            }
        };
        let mut waiting = Waiting { queue: self, id, wakeup: waiting };
        match (&mut waiting.wakeup).await {
            Ok(Wakeup::Done(outcome)) => Admission::Done(outcome),
            Ok(Wakeup::Leader { latest, batch, since }) => {
                Admission::Leader(Leader { queue: self, id, latest, batch, since: Some(since) })
            },
            // Only a runtime that shuts down drops a leader with its pending.
            Err(_) => {
                Admission::Done(Err(Error::new(crate::ErrorKind::Unknown, "the commit was cut off by a shutdown")))
            },
        }
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, IdMap<VecDeque<Waiter>>> {
        let [first, ..] = id.as_bytes();
        let [only, ..] = &self.shards;
        self.shards.get(usize::from(*first) % SHARDS).unwrap_or(only).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the first that still waits the leader, or closes the line.
    fn hand_off(&self, id: SessionId, latest: Option<&Arc<Record>>) {
        let mut shard = self.shard(id);
        let Some(line) = shard.get_mut(&id) else {
            return;
        };
        while let Some(first) = line.pop_front() {
            let takes_others = first.can_batch();
            let mut batch = PendingCommit::leader(first.request);
            while takes_others && line.front().is_some_and(Waiter::can_batch) {
                if let Some(Waiter { request: Some(request), wakeup, since }) = line.pop_front() {
                    batch.push(PendingCommit { request, wakeup: Some((wakeup, since)) });
                }
            }
            match first.wakeup.send(Wakeup::Leader { latest: latest.cloned(), batch, since: first.since }) {
                Ok(()) => return,
                // It has left: the next one leads, and what would have ridden waits on, in order.
                Err(Wakeup::Leader { batch, .. }) => requeue(line, batch),
                Err(Wakeup::Done(_)) => {},
            }
        }
        shard.remove(&id);
    }
}

impl Leader<'_> {
    /// Lets pending wait on, before everybody who came later.
    pub(crate) fn requeue(&self, pending: Vec<PendingCommit>) {
        let mut shard = self.queue.shard(self.id);
        if let Some(line) = shard.get_mut(&self.id) {
            requeue(line, pending);
        }
    }
}

/// Back to the front of the line, in order; for a leader there is nothing to wait for.
fn requeue(line: &mut VecDeque<Waiter>, pending: Vec<PendingCommit>) {
    for PendingCommit { request, wakeup } in pending.into_iter().rev() {
        if let Some((wakeup, since)) = wakeup {
            line.push_front(Waiter { request: Some(request), wakeup, since });
        }
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.queue.hand_off(self.id, self.latest.as_ref());
    }
}

/// A wakeup that is waited for. If the waiter leaves with the lead in its hands, the lead must go on.
struct Waiting<'a> {
    queue: &'a CommitQueue,
    id: SessionId,
    wakeup: oneshot::Receiver<Wakeup>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.wakeup.close();
        if let Ok(Wakeup::Leader { latest, batch, .. }) = self.wakeup.try_recv() {
            for commit in batch {
                commit.send_outcome(Err(Error::new(
                    crate::ErrorKind::Unavailable,
                    "the commit was cut off; nothing was written",
                )));
            }
            self.queue.hand_off(self.id, latest.as_ref());
        }
    }
}
