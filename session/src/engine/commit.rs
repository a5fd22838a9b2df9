//! [`Manager`]: what all requests of one `Sessions` share, and every conversation with the store.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::base::clock::{Clock, Rng, Timestamp};
use crate::base::error::{Error, ErrorKind};
use crate::data::payload::Payload;
use crate::data::record::{OpId, Record};
use crate::data::token::{SessionId, Token};
use crate::engine::commit_queue::{Lead, Lines, Outcome, Passenger, Place, Work};
use crate::engine::config::Config;
use crate::engine::delta::{Delta, Rules};
use crate::engine::retry::Contest;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, DynStore, Seal, StoreError, Touched, Unsealed, UserIndex,
};

/// How often a call whose outcome is unknown is repeated, under the same operation id.
const REPEATS: u32 = 2;

pub(crate) struct Manager {
    store: Box<dyn DynStore>,
    pub(crate) config: Config,
    /// The session types that live in this record.
    pub(crate) types: Vec<TypeId>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    lines: Lines,
    process: u32,
    sequence: AtomicU32,
}

/// How long after a rotation a request with the old token counts as one that was on its way when it happened.
const OVERTAKEN: Duration = Duration::from_secs(30);

/// What a cookie's value claims to be.
pub(crate) enum Claim {
    /// A session in the store.
    Token(Token),
    /// This session, which came along.
    Sealed(Box<Unsealed>),
}

impl Claim {
    pub(crate) fn id(&self) -> SessionId {
        match self {
            Self::Token(token) => token.id(),
            Self::Sealed(unsealed) => unsealed.id,
        }
    }
}

/// What a claim opens.
pub(crate) enum Opened {
    Live(Live),
    /// A session whose cookie must be written anew, though nothing has changed.
    Stale(Live),
    /// A session whose id was rotated moments ago, and this is the old token.
    Overtaken,
    Nothing,
}

/// A session that exists.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) id: SessionId,
    pub(crate) record: Arc<Record>,
}

impl Manager {
    pub(crate) fn new(
        store: Box<dyn DynStore>,
        config: Config,
        types: Vec<TypeId>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, Error> {
        let mut process = [0; 4];
        rng.fill(&mut process).map_err(no_rng)?;
        // Zero would make an operation id of all zeros, which is how a record says "nobody".
        let process = u32::from_be_bytes(process) | 1;
        Ok(Self { store, config, types, clock, rng, lines: Lines::default(), process, sequence: AtomicU32::new(0) })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn rules(&self, now: Timestamp) -> Rules<'_> {
        let Config { idle, absolute, sections, .. } = &self.config;
        Rules { now, idle: *idle, absolute: *absolute, sections }
    }

    /// Whether sessions live in their cookies.
    pub(crate) fn is_sealed(&self) -> bool {
        self.store.seal().is_some()
    }

    /// Whether two requests at once are told apart: in a cookie they are not, and the app may have agreed to that.
    pub(crate) fn last_wins(&self) -> bool {
        self.store.seal().is_some_and(Seal::last_wins)
    }

    /// What the cookie's `value` can be, as far as it shows without asking the store.
    pub(crate) fn claim(&self, value: &[u8]) -> Option<Claim> {
        match self.store.seal() {
            None => Token::parse(value).map(Claim::Token),
            Some(seal) => seal.open(value, self.now()).map(|unsealed| Claim::Sealed(Box::new(unsealed))),
        }
    }

    /// The cookie's value that is `live`, if sessions live there.
    pub(crate) fn seal(&self, live: &Live) -> Result<Option<String>, Error> {
        let sealed = self.store.seal().map(|seal| seal.seal(live.id, &live.record, &*self.rng));
        sealed.transpose().map_err(no_rng)
    }

    /// The session that `claim` opens.
    pub(crate) async fn open(&self, claim: Claim) -> Result<Opened, StoreError> {
        let now = self.now();
        let id = claim.id();
        // The record goes right through, or the future of every handler would have room for one.
        let (opened, refused) = self.claimed(claim, self.store.load(id, now).await?, now);
        let Some(token) = refused else { return Ok(opened) };
        // What a cache has may be older than the token.
        match self.store.reload(id, now).await {
            None => Ok(opened),
            Some(stored) => Ok(self.tried(&token, stored?, now)),
        }
    }

    /// What `claim` opens if this is stored under its id; and the token, if there is a session and it does not open it.
    fn claimed(&self, claim: Claim, stored: Option<Record>, now: Timestamp) -> (Opened, Option<Token>) {
        match claim {
            Claim::Token(token) => {
                let found = stored.is_some();
                let opened = self.tried(&token, stored, now);
                let refused = found && !matches!(opened, Opened::Live(_));
                (opened, refused.then_some(token))
            },
            Claim::Sealed(unsealed) => match stored {
                // What is stored under the id of a sealed session is a note that it has ended.
                Some(note) if now.since(note.rotated) < OVERTAKEN => (Opened::Overtaken, None),
                Some(_) => (Opened::Nothing, None),
                None => (self.unsealed(*unsealed), None),
            },
        }
    }

    /// The session as it is stored now, whatever a cache has.
    pub(crate) async fn stored(&self, id: SessionId) -> Result<Option<Arc<Record>>, StoreError> {
        let now = self.now();
        let stored = match self.store.reload(id, now).await {
            Some(stored) => stored?,
            None => self.store.load(id, now).await?,
        };
        Ok(stored.filter(|record| !record.is_expired(now)).map(|mut record| {
            record.payload = self.config.sections.modernized(record.payload);
            Arc::new(record)
        }))
    }

    /// What `token` opens if this is the record under its id.
    fn tried(&self, token: &Token, record: Option<Record>, now: Timestamp) -> Opened {
        let hash = token.verifier_hash();
        let by_previous =
            |record: &Record| record.previous.is_some_and(|(previous, until)| previous.matches(&hash) && now < until);
        let Some(mut record) = record.filter(|record| !record.is_expired(now)) else {
            return Opened::Nothing;
        };
        if record.verifier.matches(&hash) || by_previous(&record) {
            record.payload = self.config.sections.modernized(record.payload);
            return Opened::Live(Live { id: token.id(), record: Arc::new(record) });
        }
        if now.since(record.rotated) < OVERTAKEN { Opened::Overtaken } else { Opened::Nothing }
    }

    fn unsealed(&self, unsealed: Unsealed) -> Opened {
        let Unsealed { id, mut record, stale } = unsealed;
        record.payload = self.config.sections.modernized(record.payload);
        let live = Live { id, record: Arc::new(record) };
        if stale { Opened::Stale(live) } else { Opened::Live(live) }
    }

    /// Makes a session that begins with `delta`.
    pub(crate) async fn create(&self, delta: &Delta) -> Result<(Live, Token), Error> {
        let now = self.now();
        let rules = self.rules(now);
        let payload = delta.apply_to_payload(&Payload::default(), rules.sections)?;
        delta.check(&Payload::default(), &payload, rules.sections)?;
        // The second try can only fail with a generator that repeats itself.
        for _ in 0..2 {
            let token = Token::generate(&*self.rng).map_err(no_rng)?;
            let end = now.after(rules.absolute);
            let mut record = Record {
                epoch: 1,
                revision: 1,
                idle: now.after(rules.idle).min(end),
                absolute: end,
                created: now,
                rotated: now,
                verifier: token.verifier_hash(),
                previous: None,
                writers: Default::default(),
                user: delta.user.clone().and_then(|identity| identity.0),
                payload: payload.clone(),
            };
            record.note_writer(self.next_op());
            match self.store.create(token.id(), &record, now).await {
                Ok(Created::Created) => {
                    return Ok((Live { id: token.id(), record: Arc::new(record) }, token));
                },
                // After `Unknown` the record may be there, but nobody will ever hold its token: it expires unseen.
                Ok(Created::Exists) | Err(StoreError::Unknown(_)) => {},
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the store did not take a new session"))
    }

    /// A new verifier for `id`; for a sealed session a new id, so that the old one can be refused.
    pub(crate) fn renew(&self, id: SessionId) -> Result<Token, Error> {
        let token = if self.is_sealed() { Token::generate(&*self.rng) } else { Token::renew(id, &*self.rng) };
        token.map_err(no_rng)
    }

    /// Commits `work`, alone or along with that of other requests.
    pub(crate) async fn commit(&self, id: SessionId, work: Work) -> Outcome {
        if self.is_sealed() {
            // Each request has brought a record of its own.
            let (committed, next) = self.replace(id, &work.base, &work).await?;
            return match committed {
                Committed::Applied => Ok(Arc::new(next)),
                Committed::Gone => Err(gone()),
                Committed::Superseded | Committed::Conflict(_) => Err(superseded()),
            };
        }
        match self.lines.enter(id, Some(work)).await {
            Place::Done(outcome) => outcome,
            Place::Lead(mut lead) => self.drive(id, &mut lead).await,
        }
    }

    /// Waits until nobody else of this process writes to the session.
    pub(crate) async fn enter_alone(&self, id: SessionId) -> Result<Lead<'_>, Error> {
        match self.lines.enter(id, None).await {
            Place::Lead(lead) => Ok(lead),
            Place::Done(outcome) => Err(outcome.err().unwrap_or_else(exhausted)),
        }
    }

    async fn drive(&self, id: SessionId, lead: &mut Lead<'_>) -> Outcome {
        let mut own: Option<Outcome> = None;
        let mut aboard = std::mem::take(&mut lead.aboard);
        let mut deliver = |passenger: Passenger, outcome: Outcome| match passenger.tell(outcome) {
            None => {},
            mine => own = mine,
        };
        let bases = aboard.iter().map(|passenger| &passenger.work.base);
        let Some(mut current) = bases.chain(&lead.latest).max_by_key(|record| record.revision()).cloned() else {
            return Err(exhausted());
        };
        let op = self.next_op();
        let mut contest = Contest::new(lead.since);
        let failure = loop {
            let now = self.now();
            let (next, lost) = self.fold(&current, op, &mut aboard, now);
            for (passenger, error) in lost {
                deliver(passenger, Err(error));
            }
            if aboard.is_empty() {
                lead.latest = Some(current);
                break None;
            }
            match self.write(id, &current, op, &next, now).await {
                Ok(Committed::Applied) => {
                    aboard.drain(..).for_each(|passenger| deliver(passenger, Ok(Arc::clone(&next))));
                    lead.latest = Some(next);
                    break None;
                },
                Ok(Committed::Conflict(fresh)) => {
                    current = Arc::new(*fresh);
                    // Whoever carries less is quicker: a process with a long line must not lose to one with a short one for ever.
                    lead.put_back(aboard.split_off(aboard.len().div_ceil(2)));
                },
                Ok(Committed::Superseded) => break Some(superseded()),
                Ok(Committed::Gone) => break Some(gone()),
                Err(error) => break Some(error.into()),
            }
            if !contest.goes_on(self.rng()).await {
                break Some(exhausted());
            }
        };
        if let Some(error) = failure {
            lead.latest = None;
            aboard.drain(..).for_each(|passenger| deliver(passenger, Err(error.repeated())));
        }
        own.unwrap_or_else(|| Err(exhausted()))
    }

    /// One record out of all that is `aboard`. Who cannot come along is put off, with the reason.
    fn fold(
        &self,
        current: &Arc<Record>,
        op: OpId,
        aboard: &mut Vec<Passenger>,
        now: Timestamp,
    ) -> (Arc<Record>, Vec<(Passenger, Error)>) {
        let rules = self.rules(now);
        let mut after = Arc::clone(current);
        let next = Arc::make_mut(&mut after);
        let mut failed = Vec::new();
        for (index, passenger) in aboard.iter().enumerate() {
            let Work { delta, base, verifier } = &passenger.work;
            let applied = match base.epoch() == current.epoch() {
                true => delta.apply(next, *verifier, &rules),
                false => Err(superseded()),
            };
            if let Err(error) = applied {
                failed.push((index, error));
            }
        }
        let lost = failed.into_iter().rev().map(|(index, error)| (aboard.remove(index), error)).collect();
        next.revision = current.revision().saturating_add(1);
        next.note_writer(op);
        (after, lost)
    }

    /// One compare-and-set for a change that was made on exactly `current`.
    pub(crate) async fn replace(
        &self,
        id: SessionId,
        current: &Record,
        work: &Work,
    ) -> Result<(Committed, Record), Error> {
        let now = self.now();
        let mut next = current.clone();
        work.delta.apply(&mut next, work.verifier, &self.rules(now))?;
        let op = self.next_op();
        next.revision = current.revision().saturating_add(1);
        next.note_writer(op);
        let committed = self.write(id, current, op, &next, now).await?;
        Ok((committed, next))
    }

    async fn write(
        &self,
        id: SessionId,
        current: &Record,
        op: OpId,
        next: &Record,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let commit = Commit::new(current.epoch(), current.revision(), op, next);
        let mut repeats = 0;
        loop {
            match self.store.commit(id, commit, now).await {
                Err(StoreError::Unknown(_)) if repeats < REPEATS => repeats += 1,
                Err(error) if repeats > 0 => return Err(in_doubt(error)),
                Ok(Committed::Conflict(mut fresh)) => {
                    fresh.payload = self.config.sections.modernized(fresh.payload);
                    return Ok(Committed::Conflict(fresh));
                },
                outcome => return outcome,
            }
        }
    }

    /// Whether the session is old enough to be touched, and until when it lives then.
    pub(crate) fn due_touch(&self, record: &Record) -> Option<Timestamp> {
        let idle = self.now().after(self.config.idle).min(record.absolute);
        (idle.since(record.idle) >= self.config.touch_after).then_some(idle)
    }

    pub(crate) async fn touch(&self, id: SessionId, idle: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(id, idle, self.now()).await
    }

    pub(crate) async fn destroy(&self, id: SessionId) -> Result<(), Error> {
        let mut repeats = 0;
        loop {
            match self.store.destroy(id, self.now()).await {
                Err(StoreError::Unknown(_)) if repeats < REPEATS => repeats += 1,
                Ok(Destroyed::Existed | Destroyed::Absent) => return Ok(()),
                Err(error) if repeats > 0 => return Err(in_doubt(error).into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.store.sweep(limit, self.now())
    }

    pub(crate) fn users(&self) -> Option<&dyn UserIndex> {
        self.store.users()
    }

    /// Half to one and a half times as long as `duration`.
    pub(crate) fn jittered(&self, duration: Duration) -> Duration {
        let mut random = [0; 2];
        // Without a random part the pause is merely less fair.
        let _ = self.rng.fill(&mut random);
        duration / 2 + duration.mul_f64(f64::from(u16::from_ne_bytes(random)) / 65_536.0)
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        &*self.rng
    }

    fn next_op(&self) -> OpId {
        OpId { process: self.process, sequence: self.sequence.fetch_add(1, Ordering::Relaxed) }
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("config", &self.config).finish_non_exhaustive()
    }
}

/// An earlier attempt may have been applied, whatever this one says.
#[cold]
fn in_doubt(error: StoreError) -> StoreError {
    match error {
        StoreError::Unknown(_) => error,
        other => StoreError::unknown(other),
    }
}

#[cold]
fn no_rng(cause: crate::base::clock::RngError) -> Error {
    Error::new(ErrorKind::Unavailable, "no random bytes for a session id").caused_by(cause)
}

#[cold]
pub(crate) fn superseded() -> Error {
    Error::new(ErrorKind::Superseded, "a login, logout or rotation came first: the changes of this request are dropped")
}

#[cold]
pub(crate) fn gone() -> Error {
    Error::new(ErrorKind::Gone, "the session has ended meanwhile: the changes of this request are dropped")
}

#[cold]
pub(crate) fn exhausted() -> Error {
    Error::new(ErrorKind::Conflict, "the session is written to by so many others that this commit never came through")
}
