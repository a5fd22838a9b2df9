//! [`Network`]: the store calls that are under way between the simulated processes and their one store.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::events::event;
use crate::base::clock::Timestamp;
use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{Commit, Committed, Created, Destroyed, DynStore, StoreError, Touched, no_user_index};

/// What a process asks of the store.
#[derive(Clone)]
pub(super) enum Op {
    Create(SessionId, Record),
    Load(SessionId),
    Commit {
        id: SessionId,
        epoch: u64,
        revision: u64,
        last_op: OpId,
        op: OpId,
        record: Record,
        until: Timestamp,
        changes_user: bool,
    },
    Touch(SessionId, Timestamp),
    Destroy(SessionId),
    Sweep(usize),
    List(UserKey, usize),
    Revoke(UserKey, Option<SessionId>),
    /// No call: a handler waits to be continued.
    Pause,
}

/// The answer of the store.
#[expect(clippy::large_enum_variant, reason = "few exist at a time")]
pub(super) enum Answer {
    Created(Created),
    Loaded(Option<Record>),
    Committed(Committed),
    Touched(Touched),
    Destroyed(Destroyed),
    Swept(usize),
    Listed(Vec<(SessionId, Record)>),
    Revoked(usize),
    Continued,
}

pub(super) type Answered = Result<Answer, StoreError>;

pub(super) struct Entry {
    pub(super) number: u64,
    /// The incarnation of the process that has sent it.
    pub(super) process: u32,
    pub(super) op: Op,
    pub(super) now: Timestamp,
    pub(super) state: State,
    /// The caller does not wait any more: it was told that the outcome is unknown, was cancelled or has crashed.
    pub(super) is_abandoned: bool,
    waker: Option<Waker>,
}

pub(super) enum State {
    /// On its way to the store.
    Sent,
    /// Applied once, and on its way to the store once more.
    AppliedOnce,
    /// Applied; the answer is on its way.
    Applied(Answered),
    /// The answer has arrived.
    Arrived(Answered),
}

pub(super) struct Network {
    store: Box<dyn DynStore>,
    pub(super) calls: Vec<Entry>,
    next: u64,
    /// Incarnations that have crashed.
    dead: Vec<u32>,
    /// What each write has replaced, for a failover. `None` in worlds without failovers.
    journal: Option<Vec<(SessionId, Option<Record>)>>,
}

pub(super) fn lock(network: &Mutex<Network>) -> MutexGuard<'_, Network> {
    network.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    pub(super) fn new(store: Box<dyn DynStore>, fails_over: bool) -> Self {
        let journal = fails_over.then(Vec::new);
        Self { store, calls: Vec::new(), next: 0, dead: Vec::new(), journal }
    }

    pub(super) fn has_users(&self) -> bool {
        self.store.users().is_some()
    }

    /// Ends a process: its calls under way have no caller any more.
    pub(super) fn kill(&mut self, process: u32) {
        self.dead.push(process);
        self.calls.retain(|call| call.process != process || !matches!(call.op, Op::Pause));
        for call in self.calls.iter_mut().filter(|call| call.process == process) {
            call.is_abandoned = true;
        }
    }

    /// Applies the call at `index`. The answer is on its way then.
    pub(super) fn apply(&mut self, index: usize) {
        let Some(call) = self.calls.get(index) else { return };
        let (op, now) = (call.op.clone(), call.now);
        self.note_before(&op, now);
        let answer = perform(&*self.store, &op, now);
        if let Some(call) = self.calls.get_mut(index) {
            call.state = State::Applied(answer);
        }
    }

    /// Applies the call at `index`, and sends it once more.
    pub(super) fn apply_once(&mut self, index: usize) {
        self.apply(index);
        if let Some(call) = self.calls.get_mut(index) {
            call.state = State::AppliedOnce;
        }
    }

    /// Delivers the answer of the call at `index`.
    pub(super) fn answer(&mut self, index: usize) {
        let Some(call) = self.calls.get_mut(index) else { return };
        call.state = match std::mem::replace(&mut call.state, State::Sent) {
            State::Applied(answer) => State::Arrived(answer),
            other => other,
        };
        if let Some(waker) = call.waker.take() {
            waker.wake();
        }
        if call.is_abandoned {
            self.calls.remove(index);
        }
    }

    /// Tells the caller of the call at `index` this error. With `stays`, the call itself is still under way.
    pub(super) fn fail(&mut self, index: usize, error: StoreError, stays: bool) {
        let Some(call) = self.calls.get_mut(index) else { return };
        if stays {
            let copy = Entry {
                number: call.number,
                process: call.process,
                op: call.op.clone(),
                now: call.now,
                state: State::Sent,
                is_abandoned: true,
                waker: None,
            };
            self.calls.push(copy);
        }
        let Some(call) = self.calls.get_mut(index) else { return };
        call.state = State::Arrived(Err(error));
        if let Some(waker) = call.waker.take() {
            waker.wake();
        }
    }

    /// Loses the newest `writes` writes.
    pub(super) fn fail_over(&mut self, writes: usize, now: Timestamp) -> usize {
        let Some(journal) = &mut self.journal else { return 0 };
        let lost = journal.split_off(journal.len().saturating_sub(writes));
        for (id, before) in lost.iter().rev() {
            let _ = ready(self.store.destroy(*id, now));
            if let Some(record) = before {
                let _ = ready(self.store.create(*id, record, now));
            }
        }
        lost.len()
    }

    fn note_before(&mut self, op: &Op, now: Timestamp) {
        let id = match op {
            Op::Create(id, _) | Op::Commit { id, .. } | Op::Touch(id, _) | Op::Destroy(id) => *id,
            _ => return,
        };
        if self.journal.is_some() {
            let before = ready(self.store.load(id, now)).and_then(Result::ok).flatten();
            self.journal.get_or_insert_default().push((id, before));
        }
    }
}

/// The output of a future that does not wait. The stores under simulation answer at once.
fn ready<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn perform(store: &dyn DynStore, op: &Op, now: Timestamp) -> Answered {
    let answer = match op {
        Op::Create(id, record) => ready(store.create(*id, record, now)).map(|it| it.map(Answer::Created)),
        Op::Load(id) => ready(store.load(*id, now)).map(|it| it.map(Answer::Loaded)),
        Op::Commit { id, epoch, revision, last_op, op, record, until, changes_user } => {
            let (epoch, revision, last_op) = (*epoch, *revision, *last_op);
            let (until, changes_user) = (*until, *changes_user);
            let commit = Commit { epoch, revision, last_op, op: *op, record, until, changes_user };
            ready(store.commit(*id, commit, now)).map(|it| it.map(Answer::Committed))
        },
        Op::Touch(id, idle) => ready(store.touch(*id, *idle, now)).map(|it| it.map(Answer::Touched)),
        Op::Destroy(id) => ready(store.destroy(*id, now)).map(|it| it.map(Answer::Destroyed)),
        Op::Sweep(limit) => ready(store.sweep(*limit, now)).map(|it| it.map(Answer::Swept)),
        Op::List(user, limit) => match store.users() {
            Some(users) => ready(users.list_user(user, *limit, now)).map(|it| it.map(Answer::Listed)),
            None => Some(Err(no_user_index())),
        },
        Op::Revoke(user, except) => match store.users() {
            Some(users) => ready(users.revoke_user(user, *except, now)).map(|it| it.map(Answer::Revoked)),
            None => Some(Err(no_user_index())),
        },
        Op::Pause => Some(Ok(Answer::Continued)),
    };
    answer.unwrap_or_else(|| {
        Err(StoreError::Misconfigured("a store under simulation must answer without waiting, as a map does".into()))
    })
}

impl Op {
    /// Whether the call only reads: without its answer, nothing has happened.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Load(_) | Self::List(..))
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Create(id, _) => format!("create {id:?}"),
            Self::Load(id) => format!("load {id:?}"),
            Self::Commit { id, epoch, revision, op, record, .. } => format!(
                "commit {id:?} at epoch {epoch}, revision {revision} of epoch {}, revision {}, operation {:x}/{}",
                record.epoch, record.revision, op.process, op.sequence
            ),
            Self::Touch(id, _) => format!("touch {id:?}"),
            Self::Destroy(id) => format!("destroy {id:?}"),
            Self::Sweep(_) => "sweep".into(),
            Self::List(..) => "list of a user's sessions".into(),
            Self::Revoke(..) => "removal of a user's sessions".into(),
            Self::Pause => "pause".into(),
        }
    }
}

impl Entry {
    pub(super) fn describe_answer(&self) -> String {
        let answer = match &self.state {
            State::Applied(answer) | State::Arrived(answer) => answer,
            State::Sent | State::AppliedOnce => return String::new(),
        };
        match answer {
            Err(error) => error.to_string(),
            Ok(Answer::Loaded(None)) => "nothing is stored".into(),
            Ok(Answer::Loaded(Some(record))) => format!("epoch {}, revision {}", record.epoch, record.revision),
            Ok(Answer::Committed(Committed::Conflict(record))) => {
                format!("conflict with epoch {}, revision {}", record.epoch, record.revision)
            },
            Ok(Answer::Committed(committed)) => format!("{committed:?}"),
            Ok(Answer::Created(created)) => format!("{created:?}"),
            Ok(Answer::Touched(touched)) => format!("{touched:?}"),
            Ok(Answer::Destroyed(destroyed)) => format!("{destroyed:?}"),
            Ok(Answer::Swept(removed) | Answer::Revoked(removed)) => format!("{removed} removed"),
            Ok(Answer::Listed(found)) => format!("{} found", found.len()),
            Ok(Answer::Continued) => String::new(),
        }
    }
}

/// A call under way, as its caller waits for it. Dropping it leaves the call to the network.
pub(super) struct Call {
    network: Arc<Mutex<Network>>,
    process: u32,
    op: Option<(Op, Timestamp)>,
    number: u64,
}

impl Call {
    pub(super) fn new(network: Arc<Mutex<Network>>, process: u32, op: Op) -> Self {
        Self::at(network, process, op, Timestamp::from_millis(0))
    }

    pub(super) fn at(network: Arc<Mutex<Network>>, process: u32, op: Op, now: Timestamp) -> Self {
        Self { network, process, op: Some((op, now)), number: 0 }
    }
}

impl Future for Call {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        let this = &mut *self;
        let mut network = lock(&this.network);
        if network.dead.contains(&this.process) {
            return Poll::Pending;
        }
        if let Some((op, now)) = this.op.take() {
            network.next += 1;
            this.number = network.next;
            if !matches!(op, Op::Pause) {
                event(|| format!("process {}: call {}: {}", this.process, this.number, op.describe()));
            }
            let waker = Some(context.waker().clone());
            let (number, process) = (this.number, this.process);
            network.calls.push(Entry { number, process, op, now, state: State::Sent, is_abandoned: false, waker });
            return Poll::Pending;
        }
        let index = network.calls.iter().position(|call| call.number == this.number && !call.is_abandoned);
        let Some(index) = index else { return Poll::Pending };
        if matches!(network.calls.get(index).map(|call| &call.state), Some(State::Arrived(_)))
            && let State::Arrived(answer) = network.calls.remove(index).state
        {
            return Poll::Ready(answer);
        }
        if let Some(call) = network.calls.get_mut(index) {
            call.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut network = lock(&self.network);
        let number = self.number;
        let waits = |call: &Entry| call.number == number && !call.is_abandoned;
        if let Some(index) = network.calls.iter().position(waits)
            && let Some(call) = network.calls.get_mut(index)
        {
            call.waker = None;
            if matches!(call.op, Op::Pause) || matches!(call.state, State::Arrived(_)) {
                network.calls.remove(index);
            } else {
                call.is_abandoned = true;
            }
        }
    }
}
