//! [`Process`]: one simulated server process, with its clock, its random bytes and its way to the store.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::network::{Answer, Answered, Call, Network, Op, lock};
use crate::base::clock::{Clock, Rng, RngError, Timestamp};
use crate::data::record::{Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{BoxFuture, Commit, Committed, Created, Destroyed, Store, StoreError, Touched, UserIndex};
use crate::testing::contract::rng::SeededRng;

/// One simulated server process. A [`World`](super::World) builds the app of each process from it.
///
/// ```
/// use session::testing::Process;
/// use session::{ConfigError, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// fn sessions(process: &Process) -> Result<Sessions<Shop>, ConfigError> {
///     Sessions::builder().store(process.store()).clock(process.clock()).rng(process.rng()).build()
/// }
/// ```
pub struct Process {
    pub(super) incarnation: u32,
    pub(super) seed: u64,
    pub(super) network: Arc<Mutex<Network>>,
    pub(super) clock: SimulatedClock,
    pub(super) is_twin: bool,
}

impl Process {
    /// The number of the process. A process that starts in the place of a crashed one has a new number.
    pub fn number(&self) -> u32 {
        self.incarnation
    }

    /// The store that all processes share, as this process reaches it.
    pub fn store(&self) -> SimulatedStore {
        let has_users = lock(&self.network).has_users();
        SimulatedStore { network: Arc::clone(&self.network), process: self.incarnation, has_users }
    }

    /// The clock of this process.
    pub fn clock(&self) -> SimulatedClock {
        self.clock.clone()
    }

    /// The random bytes of this process.
    pub fn rng(&self) -> SimulatedRng {
        SimulatedRng { state: Arc::new(Mutex::new((SeededRng::new(self.seed), self.is_twin))) }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("number", &self.incarnation).finish_non_exhaustive()
    }
}

/// The clock of a simulated process. It follows the time of the simulation with an offset of its own.
#[derive(Clone, Debug)]
pub struct SimulatedClock {
    pub(super) time: Arc<AtomicU64>,
    /// Milliseconds.
    pub(super) offset: u64,
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.time.load(Ordering::Relaxed) + self.offset)
    }
}

/// The random bytes of a simulated process. They follow from the seed of the simulation, so they are no secret.
#[derive(Clone)]
pub struct SimulatedRng {
    /// And whether the next bytes are those of every copy of the process's image.
    state: Arc<Mutex<(SeededRng, bool)>>,
}

impl fmt::Debug for SimulatedRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedRng").finish_non_exhaustive()
    }
}

impl Rng for SimulatedRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        let mut state = self.state.lock().map_err(|_| RngError::new("a thread panicked"))?;
        if std::mem::take(&mut state.1) {
            // The engine draws the number of its process first.
            bytes.fill(7);
            return Ok(());
        }
        for part in bytes.chunks_mut(8) {
            let random = state.0.next().to_le_bytes();
            part.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

/// The one store of a simulation, as one process reaches it: each call waits until the simulation decides its fate.
#[derive(Clone)]
pub struct SimulatedStore {
    network: Arc<Mutex<Network>>,
    process: u32,
    has_users: bool,
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore").field("process", &self.process).finish_non_exhaustive()
    }
}

impl SimulatedStore {
    async fn call(&self, op: Op, now: Timestamp) -> Answered {
        Call::at(Arc::clone(&self.network), self.process, op, now).await
    }
}

/// Every call is answered by the kind of answer that belongs to it.
fn mixed_up<T>(answer: Answered) -> Result<T, StoreError> {
    Err(answer.err().unwrap_or_else(|| StoreError::unknown("another call's answer")))
}

impl Store for SimulatedStore {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        match self.call(Op::Create(id, record.clone()), now).await {
            Ok(Answer::Created(created)) => Ok(created),
            other => mixed_up(other),
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        match self.call(Op::Load(id), now).await {
            Ok(Answer::Loaded(record)) => Ok(record),
            other => mixed_up(other),
        }
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let Commit { epoch, revision, last_op, op, record, until, changes_user } = commit;
        let op = Op::Commit { id, epoch, revision, last_op, op, record: record.clone(), until, changes_user };
        match self.call(op, now).await {
            Ok(Answer::Committed(committed)) => Ok(committed),
            other => mixed_up(other),
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        match self.call(Op::Touch(id, idle), now).await {
            Ok(Answer::Touched(touched)) => Ok(touched),
            other => mixed_up(other),
        }
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        match self.call(Op::Destroy(id), now).await {
            Ok(Answer::Destroyed(destroyed)) => Ok(destroyed),
            other => mixed_up(other),
        }
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        match self.call(Op::Sweep(limit), now).await {
            Ok(Answer::Swept(removed)) => Ok(removed),
            other => mixed_up(other),
        }
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.has_users.then_some(self as &dyn UserIndex)
    }
}

impl UserIndex for SimulatedStore {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            match self.call(Op::List(user.clone(), limit), now).await {
                Ok(Answer::Listed(found)) => Ok(found),
                other => mixed_up(other),
            }
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            match self.call(Op::Revoke(user.clone(), except), now).await {
                Ok(Answer::Revoked(removed)) => Ok(removed),
                other => mixed_up(other),
            }
        })
    }
}
