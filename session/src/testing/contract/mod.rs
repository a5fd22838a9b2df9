//! The contract of [`Store`] as a program.

mod cancelled;
mod garbled;
mod histories;
mod linear;
mod model;
mod races;
mod report;
pub(super) mod rng;
mod sequences;
mod users;
mod watched;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::report::{ContractViolations, Report};
use self::rng::SeededRng;
use self::watched::{Watched, until_known};
use crate::base::clock::{Clock as _, Rng as _, SystemClock, SystemRng, Timestamp};
use crate::data::payload::{Edit, Payload};
use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::{SessionId, VerifierHash};
use crate::port::{Commit, Committed, Created, Destroyed, Store, StoreError, Touched};
use bytes::Bytes;

/// Checks that `store` keeps the contract of [`Store`], with the settings of [`Contract::new`]. Call it within a
/// multi-threaded Tokio runtime.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let store = session::MemoryStore::new(); // or your own
/// let report = session::testing::contract(store).await.unwrap();
/// println!("{report}");
/// # });
/// ```
///
/// # Errors
///
/// [`ContractViolations`] lists each statement of the contract that did not hold.
pub async fn contract<S: Store>(store: S) -> Result<Report, ContractViolations> {
    Contract::new(store).check().await
}

/// A check of the contract of [`Store`], with settings. It covers:
///
/// 1. Each outcome of each call: the conditions of a commit, repetition, finality, deadlines, expiry, and stored bytes.
/// 2. Races: compare-and-set by eight tasks, sixteen creates under one id, sixteen rotations, commit against destroy.
/// 3. Random sequences of calls: the store answers what a simple model of a session answers. A failing sequence is
///    reduced to the calls that are needed to show the failure.
/// 4. Histories of four to eight concurrent clients, some of whose calls are cancelled: the answers are linearizable.
/// 5. Cancellation of each call at each point where it can be suspended: the call happens entirely or not at all, and
///    blocks no later call.
/// 6. The user index, if the store has one.
///
/// A check of its own is that of garbled answers: [`garbled_by`](Self::garbled_by).
///
/// It uses random ids and users, so it can run on a store that holds other sessions; sweeps that it makes remove
/// expired sessions only. Call it within a multi-threaded Tokio runtime: with one thread there are few races.
///
/// ```
/// use session::MemoryStore;
/// use session::testing::Contract;
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let report = Contract::new(MemoryStore::new()).rounds(200).seed(7).check().await.unwrap();
/// assert_eq!(report.sequences(), 20);
/// # });
/// ```
#[must_use]
pub struct Contract<S> {
    store: S,
    rounds: u32,
    seed: u64,
    garble: Option<Box<Garble>>,
}

type Garble = dyn Fn() + Send + Sync;

impl<S: fmt::Debug> fmt::Debug for Contract<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, rounds, seed, garble } = self;
        let mut debug = f.debug_struct("Contract");
        debug.field("store", store).field("rounds", rounds).field("seed", seed).field("garbles", &garble.is_some());
        debug.finish()
    }
}

impl<S: Store> Contract<S> {
    /// A check of `store` with 2,000 rounds and a random seed. The environment variables `CONTRACT_ROUNDS` and
    /// `CONTRACT_SEED` override these defaults.
    pub fn new(store: S) -> Self {
        let variable = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let rounds = variable("CONTRACT_ROUNDS").and_then(|rounds| u32::try_from(rounds).ok()).unwrap_or(2_000);
        let random = || random_id().as_bytes().iter().fold(0, |seed: u64, byte| (seed << 8) ^ u64::from(*byte));
        Self { store, rounds, seed: variable("CONTRACT_SEED").unwrap_or_else(random), garble: None }
    }

    /// Sets the number of races between commit and destroy; the numbers of sequences and of histories are a tenth of
    /// it. Default: 2,000. The environment variable `CONTRACT_ROUNDS` has precedence.
    pub fn rounds(mut self, rounds: u32) -> Self {
        if std::env::var_os("CONTRACT_ROUNDS").is_none() {
            self.rounds = rounds;
        }
        self
    }

    /// Sets the seed of everything random, except ids and users. A violation names the seed that found it. Default:
    /// random, or the environment variable `CONTRACT_SEED`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks writes whose answers are garbled, and nothing else: as many as the rounds. Before such a write `garble`
    /// is called, and lets the store read something else than its server's next answer, for example through a proxy of
    /// your own. The error must be [`StoreError::Unknown`] unless the answer proves that nothing was applied, and the
    /// write happens at most once. What a garbled answer that looks right makes a store say is not judged.
    ///
    /// ```
    /// use session::MemoryStore;
    /// use session::testing::{Contract, FailingStore, Fault};
    ///
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// let store = FailingStore::new(MemoryStore::new());
    /// let network = store.clone();
    /// let contract = Contract::new(store).rounds(100).garbled_by(move || network.fail_next(Fault::After, 1));
    /// contract.check().await.unwrap();
    /// # });
    /// ```
    pub fn garbled_by(mut self, garble: impl Fn() + Send + Sync + 'static) -> Self {
        self.garble = Some(Box::new(garble));
        self
    }

    /// Runs all checks.
    ///
    /// # Errors
    ///
    /// [`ContractViolations`] lists each statement of the contract that did not hold, and the calls that failed. A call
    /// that is [`StoreError::Unavailable`] is made again, up to a limit, and so is one that is [`StoreError::Unknown`]
    /// if a repetition has the same answer; any other error ends the check.
    pub async fn check(self) -> Result<Report, ContractViolations> {
        let Self { store, rounds, seed, garble } = self;
        let (violations, report) = (Vec::new(), Report::default());
        let (store, rng) = (Arc::new(Watched::new(store)), SeededRng::new(seed));
        let mut run = Run { store, rounds, seed, garble, rng, violations, report };
        if let Err(error) = run.all().await {
            run.violations.push(format!("a call failed: {}", in_full(&error)));
        }
        run.report.failed_calls = run.store.failures();
        if run.violations.is_empty() {
            return Ok(run.report);
        }
        run.violations.push(run.store.account());
        Err(ContractViolations(run.violations))
    }
}

type Checked = Result<(), StoreError>;

struct Run<S> {
    store: Arc<Watched<S>>,
    rounds: u32,
    seed: u64,
    garble: Option<Box<Garble>>,
    rng: SeededRng,
    violations: Vec<String>,
    report: Report,
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn random_id() -> SessionId {
    let mut bytes = [0; 16];
    // If this fails, ids are equal, and the checks fail.
    let _ = SystemRng.fill(&mut bytes);
    SessionId::from_bytes(bytes)
}

fn op(sequence: u32) -> OpId {
    OpId { process: 7, sequence }
}

/// A record at epoch 1 and revision 1 with this idle timeout.
fn record(life: Duration) -> Record {
    let edit = Edit { section: "contract", version: 1, codec: 1, key: "value", value: Some(b"0") };
    let now = now();
    Record {
        epoch: 1,
        revision: 1,
        idle: now.saturating_add(life),
        absolute: now.saturating_add(life * 2),
        created: now,
        rotated: now,
        verifier: VerifierHash::from_bytes([0x5a; 32]),
        previous: None,
        writers: Default::default(),
        user: Some(UserKey(Bytes::from_static(b"\"somebody\""))),
        payload: Payload::default().edited([edit]).unwrap_or_default(),
    }
}

const LONG: Duration = Duration::from_mins(1);

/// `record` after a commit `op`.
fn following(record: &Record, op: OpId) -> Record {
    let mut next = record.clone();
    next.revision += 1;
    next.note_writer(op);
    next
}

/// An error with its cause.
fn in_full(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("{error}{cause}")
}

fn name_of(committed: &Committed) -> &'static str {
    match committed {
        Committed::Applied => "Applied",
        Committed::Conflict(_) => "Conflict",
        Committed::Superseded => "Superseded",
        Committed::Gone => "Gone",
    }
}

impl<S: Store> Run<S> {
    async fn all(&mut self) -> Checked {
        if self.garble.is_some() {
            return self.garbled_answers().await;
        }
        self.absence().await?;
        self.creation().await?;
        self.conditions().await?;
        self.repetition().await?;
        self.reused_revision().await?;
        self.finality().await?;
        self.deadlines().await?;
        self.expiry().await?;
        self.content().await?;
        self.sequences().await?;
        self.cancellation().await?;
        self.races().await?;
        self.histories().await?;
        self.user_index().await
    }

    fn check(&mut self, holds: bool, statement: &str) {
        self.report.checks += 1;
        if !holds && !self.violations.iter().any(|known| known == statement) {
            self.violations.push(statement.to_owned());
        }
    }

    async fn commit(&self, id: SessionId, from: &Record, op: OpId, next: &Record) -> Result<Committed, StoreError> {
        until_known(|| self.store.commit(id, Commit::new(from, op, next), now())).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp) -> Result<Touched, StoreError> {
        until_known(|| self.store.touch(id, idle, now())).await
    }

    async fn filed(&mut self, life: Duration) -> Result<(SessionId, Record), StoreError> {
        self.filed_record(|| record(life)).await
    }

    /// Files a record under a new id, and under another one if the outcome is unknown.
    async fn filed_record(&mut self, record: impl Fn() -> Record) -> Result<(SessionId, Record), StoreError> {
        let mut tries = 0;
        loop {
            let (id, record) = (random_id(), record());
            match self.store.create(id, &record, now()).await {
                Err(StoreError::Unknown(_)) if tries < watched::TRIES => tries += 1,
                created => {
                    self.check(created? == Created::Created, "create under a new id is Created");
                    return Ok((id, record));
                },
            }
        }
    }

    async fn absence(&mut self) -> Checked {
        let (id, record) = (random_id(), record(LONG));
        let found = self.store.load(id, now()).await?;
        self.check(found.is_none(), "load of an unknown id is None");
        let committed = self.commit(id, &record, op(1), &following(&record, op(1))).await?;
        self.check(name_of(&committed) == "Gone", "commit to an unknown id is Gone");
        let touched = self.touch(id, now().saturating_add(LONG)).await?;
        self.check(touched == Touched::Gone, "touch of an unknown id is Gone");
        let destroyed = self.store.destroy(id, now()).await?;
        self.check(destroyed == Destroyed::Absent, "destroy of an unknown id is Absent");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_none(), "no call but create makes a record");
        Ok(())
    }

    async fn creation(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let second = following(&record(LONG), op(2));
        let created = self.store.create(id, &second, now()).await?;
        self.check(created == Created::Exists, "create under an id in use is Exists");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_some_and(|found| found.revision == first.revision), "create never overwrites");
        Ok(())
    }

    async fn conditions(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let second = following(&first, op(1));
        let committed = self.commit(id, &first, op(1), &second).await?;
        self.check(name_of(&committed) == "Applied", "commit at the stored revision is Applied");
        let committed = self.commit(id, &first, op(2), &following(&first, op(2))).await?;
        let fresh = match &committed {
            Committed::Conflict(fresh) => fresh.revision == 2 && fresh.payload == second.payload,
            _ => false,
        };
        self.check(fresh, "commit at an older revision is Conflict, with the stored record");
        let mut rotated = following(&second, op(3));
        rotated.epoch = 2;
        let committed = self.commit(id, &second, op(3), &rotated).await?;
        self.check(name_of(&committed) == "Applied", "commit that raises the epoch is Applied");
        let committed = self.commit(id, &second, op(4), &following(&second, op(4))).await?;
        self.check(name_of(&committed) == "Superseded", "commit at an older epoch is Superseded");
        let found = self.store.load(id, now()).await?;
        self.check(
            found.is_some_and(|found| (found.epoch, found.revision) == (2, 3)),
            "a refused commit writes nothing",
        );
        Ok(())
    }

    async fn repetition(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let ours = following(&first, op(1));
        for _ in 0..3 {
            let committed = self.commit(id, &first, op(1), &ours).await?;
            self.check(name_of(&committed) == "Applied", "a repeated commit is Applied each time");
        }
        let found = self.store.load(id, now()).await?;
        self.check(found.is_some_and(|found| found.revision == 2), "a repeated commit is applied once");
        let other = OpId { process: 8, sequence: 1 };
        let theirs = following(&ours, other);
        let committed = self.commit(id, &ours, other, &theirs).await?;
        self.check(name_of(&committed) == "Applied", "another process's commit is Applied");
        let committed = self.commit(id, &first, op(1), &ours).await?;
        self.check(name_of(&committed) == "Applied", "a commit is recognised even if another came after it");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_some_and(|found| found.revision == 3), "a recognised commit writes nothing");
        Ok(())
    }

    /// A failover that loses a commit lets another commit take its revision.
    async fn reused_revision(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let other = OpId { process: 8, sequence: 1 };
        let (lost, kept) = (following(&first, op(1)), following(&first, other));
        let committed = self.commit(id, &first, other, &kept).await?;
        self.check(name_of(&committed) == "Applied", "commit at the stored revision is Applied");
        let committed = self.commit(id, &lost, op(2), &following(&lost, op(2))).await?;
        let fresh = match &committed {
            Committed::Conflict(fresh) => fresh.revision == 2 && fresh.writers == kept.writers,
            _ => false,
        };
        self.check(fresh, "commit to another record of the stored revision is Conflict, with the stored record");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_some_and(|found| found.writers == kept.writers), "a refused commit writes nothing");
        Ok(())
    }

    async fn finality(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let destroyed = self.store.destroy(id, now()).await?;
        self.check(destroyed == Destroyed::Existed, "destroy of a record is Existed");
        let committed = self.commit(id, &first, op(1), &following(&first, op(1))).await?;
        self.check(name_of(&committed) == "Gone", "commit after destroy is Gone");
        let touched = self.touch(id, now().saturating_add(LONG)).await?;
        self.check(touched == Touched::Gone, "touch after destroy is Gone");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_none(), "load after destroy is None");
        let destroyed = self.store.destroy(id, now()).await?;
        self.check(destroyed == Destroyed::Absent, "a second destroy is Absent");
        Ok(())
    }

    async fn deadlines(&mut self) -> Checked {
        let (id, first) = self.filed(LONG).await?;
        let later = first.idle.saturating_add(Duration::from_secs(20));
        for idle in [later, first.idle] {
            let touched = self.touch(id, idle).await?;
            self.check(touched == Touched::Touched, "touch of a live record is Touched");
        }
        let near = |found: &Record, wanted: Timestamp| found.idle.as_millis().abs_diff(wanted.as_millis()) < 5_000;
        let found = self.store.load(id, now()).await?;
        self.check(
            found.as_ref().is_some_and(|found| near(found, later)),
            "touch moves the idle deadline forward, never back",
        );
        self.check(found.is_some_and(|found| found.revision == 1), "touch leaves the revision");
        let committed = self.commit(id, &first, op(1), &following(&first, op(1))).await?;
        self.check(name_of(&committed) == "Applied", "touch does not disturb a commit");
        let found = self.store.load(id, now()).await?;
        self.check(found.is_some_and(|found| near(&found, later)), "commit does not move the idle deadline back");
        Ok(())
    }

    async fn expiry(&mut self) -> Checked {
        let life = Duration::from_millis(150);
        let (id, first) = self.filed(life).await?;
        let (other, _) = self.filed(LONG).await?;
        let mut asked = 0;
        while self.store.load(id, now()).await?.is_some() && asked < 400 {
            asked += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = self.store.load(id, now()).await?;
        self.check(found.is_none(), "an expired record is absent");
        let committed = self.commit(id, &first, op(1), &following(&first, op(1))).await?;
        self.check(name_of(&committed) == "Gone", "commit to an expired record is Gone");
        let touched = self.touch(id, now().saturating_add(LONG)).await?;
        self.check(touched == Touched::Gone, "touch of an expired record is Gone");
        let _ = self.store.destroy(id, now()).await?;
        let found = self.store.load(id, first.created).await?;
        self.check(found.is_none(), "destroy removes an expired record too");
        self.store.sweep(1_000, now()).await?;
        let found = self.store.load(other, now()).await?;
        self.check(found.is_some(), "sweep leaves live records");
        Ok(())
    }

    async fn content(&mut self) -> Checked {
        let every_byte: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut whole = record(LONG);
        let edits = [("a", &b""[..]), ("b", &every_byte), ("unknown", b"\0\xff\"")];
        let edits = edits.map(|(key, value)| Edit { section: "other", version: 3, codec: 1, key, value: Some(value) });
        whole.payload = whole.payload.edited(edits).unwrap_or_default();
        let id = random_id();
        let created = self.store.create(id, &whole, now()).await?;
        self.check(created == Created::Created, "a record of 100 kB is accepted");
        let found = self.store.load(id, now()).await?;
        let same = found.as_ref().is_some_and(|found| found.payload == whole.payload && found.user == whole.user);
        self.check(same, "a payload comes back byte for byte, and the user with it");
        let same = found.is_some_and(|found| {
            found.verifier.matches(&whole.verifier)
                && found.absolute.as_millis().abs_diff(whole.absolute.as_millis()) < 5_000
        });
        self.check(same, "verifier and deadlines come back");
        Ok(())
    }
}
