//! [`CommitQueue`]: group commit. The commits of this process to one session wait in a queue, and one request commits a
//! batch of them with one compare-and-set.
//!
//! The first committer of a session becomes the leader at once; with an empty queue there is no waiter to notify. A
//! committer that arrives while a leader is at work waits. A finished leader hands off to the first waiter, with the
//! record that it has just written and with the following waiters whose changes can be committed together. So 64
//! requests that change one session need a few compare-and-sets instead of many retries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::error::{Error, ErrorKind};
use crate::data::record::Record;
use crate::data::token::{IdMap, SessionId, VerifierHash};
use crate::engine::delta::Delta;

/// What a request wants to commit.
#[derive(Debug)]
pub(crate) struct CommitRequest {
    pub(crate) delta: Arc<Delta>,
    /// The record that the delta was made from, or a later one.
    pub(crate) base: Arc<Record>,
    /// The hash of the new verifier, for a change of privilege.
    pub(crate) verifier: Option<VerifierHash>,
    /// The session was live when the request loaded it, and the request is still at work. This counts as use: the idle
    /// deadline does not end the session meanwhile.
    pub(crate) is_use: bool,
}

pub(crate) type Outcome = Result<Arc<Record>, Error>;

/// A request of a batch, and where its outcome goes.
pub(crate) struct PendingCommit {
    pub(crate) request: CommitRequest,
    /// `None` for the leader's own request.
    wakeup: Option<(oneshot::Sender<Wakeup>, Instant)>,
}

impl PendingCommit {
    fn leader(request: Option<CommitRequest>) -> Vec<Self> {
        request.map_or_else(Vec::new, |request| vec![Self { request, wakeup: None }])
    }

    /// Sends the outcome to the request that waits. The outcome of the leader's own request is returned.
    pub(crate) fn send_outcome(self, outcome: Outcome) -> Option<Outcome> {
        let Some((wakeup, _)) = self.wakeup else {
            return Some(outcome);
        };
        // A receiver that is gone belongs to a cancelled request.
        let _ = wakeup.send(Wakeup::Done(outcome));
        None
    }
}

struct Waiter {
    /// `None` for a waiter that needs the session for itself: it makes its change on the record that it finds.
    request: Option<CommitRequest>,
    wakeup: oneshot::Sender<Wakeup>,
    since: Instant,
}

impl Waiter {
    /// A change of privilege is committed alone: everything loaded before it must be refused.
    fn can_batch(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.verifier.is_none())
    }
}

enum Wakeup {
    Done(Outcome),
    Leader { latest: Option<Arc<Record>>, batch: Vec<PendingCommit>, since: Instant },
}

const SHARDS: usize = 16;

/// The queues of one process: one for each session with a commit under way.
#[derive(Default)]
pub(crate) struct CommitQueue {
    shards: [Mutex<IdMap<VecDeque<Waiter>>>; SHARDS],
}

/// What became of a committer that entered the queue.
pub(crate) enum Admission<'a> {
    /// Another leader committed the request, or failed to.
    Done(Outcome),
    /// It is the leader, and must commit the batch.
    Leader(Leader<'a>),
}

/// The right to write to one session. Dropping it hands it off to the next waiter.
pub(crate) struct Leader<'a> {
    queue: &'a CommitQueue,
    id: SessionId,
    /// The record that this process has written last, if known.
    pub(crate) latest: Option<Arc<Record>>,
    /// The leader's own request first, if there is one.
    pub(crate) batch: Vec<PendingCommit>,
    /// When the leader began to wait. `None` if the queue was empty.
    pub(crate) since: Option<Instant>,
}

impl CommitQueue {
    /// Enters the queue of session `id`, and waits until `request` is committed or the caller is the leader.
    pub(crate) async fn enter(&self, id: SessionId, request: Option<CommitRequest>) -> Admission<'_> {
        let waiting = {
            let mut shard = self.shard(id);
            match shard.get_mut(&id) {
                None => {
                    shard.insert(id, VecDeque::new());
                    let batch = PendingCommit::leader(request);
                    return Admission::Leader(Leader { queue: self, id, latest: None, batch, since: None });
                },
                Some(queue) => {
                    let (wakeup, waiting) = oneshot::channel();
                    queue.push_back(Waiter { request, wakeup, since: Instant::now() });
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
            // A leader and its batch are dropped together only when the runtime shuts down.
            Err(_) => Admission::Done(Err(Error::new(ErrorKind::Unknown, "the runtime shut down during the commit"))),
        }
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, IdMap<VecDeque<Waiter>>> {
        let [first, ..] = id.as_bytes();
        let [only, ..] = &self.shards;
        self.shards.get(usize::from(*first) % SHARDS).unwrap_or(only).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the first waiter that is still there the leader, or removes the empty queue.
    fn hand_off(&self, id: SessionId, latest: Option<&Arc<Record>>) {
        let mut shard = self.shard(id);
        let Some(queue) = shard.get_mut(&id) else {
            return;
        };
        while let Some(first) = queue.pop_front() {
            let takes_others = first.can_batch();
            let mut batch = PendingCommit::leader(first.request);
            while takes_others && queue.front().is_some_and(Waiter::can_batch) {
                if let Some(Waiter { request: Some(request), wakeup, since }) = queue.pop_front() {
                    batch.push(PendingCommit { request, wakeup: Some((wakeup, since)) });
                }
            }
            match first.wakeup.send(Wakeup::Leader { latest: latest.cloned(), batch, since: first.since }) {
                Ok(()) => return,
                // Its request was cancelled: the next waiter leads, and the batch goes back to the queue in order.
                Err(Wakeup::Leader { batch, .. }) => requeue(queue, batch),
                Err(Wakeup::Done(_)) => {},
            }
        }
        shard.remove(&id);
    }
}

impl Leader<'_> {
    /// Puts commits back into the queue, before those that arrived later.
    pub(crate) fn requeue(&self, pending: Vec<PendingCommit>) {
        let mut shard = self.queue.shard(self.id);
        if let Some(queue) = shard.get_mut(&self.id) {
            requeue(queue, pending);
        }
    }
}

/// Puts commits back to the front of the queue, in order. A cancelled leader's own request is dropped.
fn requeue(queue: &mut VecDeque<Waiter>, pending: Vec<PendingCommit>) {
    for PendingCommit { request, wakeup } in pending.into_iter().rev() {
        if let Some((wakeup, since)) = wakeup {
            queue.push_front(Waiter { request: Some(request), wakeup, since });
        }
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.queue.hand_off(self.id, self.latest.as_ref());
    }
}

/// A waiter. If it is dropped after it was made the leader, it must hand off, or the queue would stand still.
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
                    ErrorKind::Unavailable,
                    "the commit was cancelled; nothing was written",
                )));
            }
            self.queue.hand_off(self.id, latest.as_ref());
        }
    }
}
