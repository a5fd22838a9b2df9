//! [`Engine`]: what all requests of one `Sessions` share, and every conversation with the store.

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
use crate::engine::commit_queue::{Admission, CommitQueue, CommitRequest, Leader, Outcome, PendingCommit};
use crate::engine::config::Config;
use crate::engine::delta::{Delta, Rules};
use crate::engine::retry::{RetryPolicy, retry_unknown};
use crate::port::{
    BoxFuture, Commit, Committed, CookieCodec, Created, Destroyed, DynStore, OpenedCookie, Reloaded, StoreError,
    Touched, UserIndex,
};

pub(crate) struct Engine {
    store: Box<dyn DynStore>,
    pub(crate) config: Config,
    /// The session types that live in this record.
    pub(crate) types: Vec<TypeId>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    queue: CommitQueue,
    process: u32,
    sequence: AtomicU32,
}

/// How long after a rotation a request with the old token counts as one that was on its way when it happened.
const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// What a cookie's value claims to be.
pub(crate) enum Credential {
    /// A session in the store.
    Token(Token),
    /// This session, which came along.
    Sealed(Box<OpenedCookie>),
}

impl Credential {
    pub(crate) fn id(&self) -> SessionId {
        match self {
            Self::Token(token) => token.id(),
            Self::Sealed(opened) => opened.id,
        }
    }
}

/// What a credential opens.
pub(crate) enum LoadOutcome {
    Loaded(LoadedSession),
    /// A session whose cookie must be written anew, though nothing has changed.
    NeedsReissue(LoadedSession),
    /// A session whose id was rotated moments ago, and this is the old token.
    RotatedInFlight,
    Nothing,
}

/// A session that exists.
#[derive(Clone, Debug)]
pub(crate) struct LoadedSession {
    pub(crate) id: SessionId,
    pub(crate) record: Arc<Record>,
}

impl Engine {
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
        Ok(Self {
            store,
            config,
            types,
            clock,
            rng,
            queue: CommitQueue::default(),
            process,
            sequence: AtomicU32::new(0),
        })
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
        self.store.seal().is_some_and(CookieCodec::last_wins)
    }

    /// What the cookie's `value` can be, as far as it shows without asking the store.
    pub(crate) fn credential(&self, value: &[u8]) -> Option<Credential> {
        match self.store.seal() {
            None => Token::parse(value).map(Credential::Token),
            Some(seal) => seal.open(value, self.now()).map(|opened| Credential::Sealed(Box::new(opened))),
        }
    }

    /// The cookie's value that is `live`, if sessions live there.
    pub(crate) fn seal(&self, live: &LoadedSession) -> Result<Option<String>, Error> {
        let sealed = self.store.seal().map(|seal| seal.seal(live.id, &live.record, &*self.rng));
        sealed.transpose().map_err(no_rng)
    }

    /// The session that `credential` opens.
    pub(crate) async fn open(&self, credential: Credential) -> Result<LoadOutcome, StoreError> {
        let now = self.now();
        let id = credential.id();
        // The record goes right through, or the future of every handler would have room for one.
        let (opened, refused) = self.open_credential(credential, self.store.load(id, now).await?, now);
        let Some(token) = refused else { return Ok(opened) };
        // What a cache has may be older than the token.
        match self.store.reload(id, now).await? {
            Reloaded::NotCached => Ok(opened),
            Reloaded::Record(stored) => Ok(self.open_with_token(&token, stored, now)),
        }
    }

    /// What `credential` opens if this is stored under its id; and the token, if there is a session and it does not open it.
    fn open_credential(
        &self,
        credential: Credential,
        stored: Option<Record>,
        now: Timestamp,
    ) -> (LoadOutcome, Option<Token>) {
        match credential {
            Credential::Token(token) => {
                let found = stored.is_some();
                let opened = self.open_with_token(&token, stored, now);
                let refused = found && !matches!(opened, LoadOutcome::Loaded(_));
                (opened, refused.then_some(token))
            },
            Credential::Sealed(opened) => match stored {
                // What is stored under the id of a sealed session is a note that it has ended.
                Some(note) if now.duration_since(note.rotated) < ROTATION_GRACE => (LoadOutcome::RotatedInFlight, None),
                Some(_) => (LoadOutcome::Nothing, None),
                None => (self.open_cookie(*opened), None),
            },
        }
    }

    /// The session as it is stored now, whatever a cache has.
    pub(crate) async fn stored(&self, id: SessionId) -> Result<Option<Arc<Record>>, StoreError> {
        let now = self.now();
        let stored = match self.store.reload(id, now).await? {
            Reloaded::Record(stored) => stored,
            Reloaded::NotCached => self.store.load(id, now).await?,
        };
        Ok(stored.filter(|record| !record.is_expired(now)).map(|mut record| {
            record.payload = self.config.sections.modernized(record.payload);
            Arc::new(record)
        }))
    }

    /// What `token` opens if this is the record under its id.
    fn open_with_token(&self, token: &Token, record: Option<Record>, now: Timestamp) -> LoadOutcome {
        let hash = token.verifier_hash();
        let by_previous =
            |record: &Record| record.previous.is_some_and(|(previous, until)| previous.matches(&hash) && now < until);
        let Some(mut record) = record.filter(|record| !record.is_expired(now)) else {
            return LoadOutcome::Nothing;
        };
        if record.verifier.matches(&hash) || by_previous(&record) {
            record.payload = self.config.sections.modernized(record.payload);
            return LoadOutcome::Loaded(LoadedSession { id: token.id(), record: Arc::new(record) });
        }
        if now.duration_since(record.rotated) < ROTATION_GRACE {
            LoadOutcome::RotatedInFlight
        } else {
            LoadOutcome::Nothing
        }
    }

    fn open_cookie(&self, opened: OpenedCookie) -> LoadOutcome {
        let OpenedCookie { id, mut record, needs_reissue } = opened;
        record.payload = self.config.sections.modernized(record.payload);
        let live = LoadedSession { id, record: Arc::new(record) };
        if needs_reissue { LoadOutcome::NeedsReissue(live) } else { LoadOutcome::Loaded(live) }
    }

    /// Makes a session that begins with `delta`.
    pub(crate) async fn create(&self, delta: &Delta) -> Result<(LoadedSession, Token), Error> {
        let now = self.now();
        let rules = self.rules(now);
        let payload = delta.apply_to_payload(&Payload::default(), rules.sections)?;
        delta.check(&Payload::default(), &payload, rules.sections)?;
        // The second try can only fail with a generator that repeats itself.
        for _ in 0..2 {
            let token = Token::generate(&*self.rng).map_err(no_rng)?;
            let end = now.saturating_add(rules.absolute);
            let mut record = Record {
                epoch: 1,
                revision: 1,
                idle: now.saturating_add(rules.idle).min(end),
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
                    return Ok((LoadedSession { id: token.id(), record: Arc::new(record) }, token));
                },
                // After `Unknown` the record may be there, but nobody will ever hold its token: it expires unseen.
                Ok(Created::Exists) | Err(StoreError::Unknown(_)) => {},
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the store did not take a new session"))
    }

    /// A new verifier for `id`; for a sealed session a new id, so that the old one can be refused.
    pub(crate) fn rotate_token(&self, id: SessionId) -> Result<Token, Error> {
        let token = if self.is_sealed() { Token::generate(&*self.rng) } else { Token::rotate(id, &*self.rng) };
        token.map_err(no_rng)
    }

    /// Commits `request`, alone or along with that of other requests.
    pub(crate) async fn commit(&self, id: SessionId, request: CommitRequest) -> Outcome {
        if self.is_sealed() {
            // Each request has brought a record of its own.
            let (committed, next) = self.compare_and_set(id, &request.base, &request).await?;
            return match committed {
                Committed::Applied => Ok(Arc::new(next)),
                Committed::Gone => Err(gone()),
                Committed::Superseded | Committed::Conflict(_) => Err(superseded()),
            };
        }
        match self.queue.enter(id, Some(request)).await {
            Admission::Done(outcome) => outcome,
            Admission::Leader(mut lead) => self.drive(id, &mut lead).await,
        }
    }

    /// Waits until nobody else of this process writes to the session.
    pub(crate) async fn enter_alone(&self, id: SessionId) -> Result<Leader<'_>, Error> {
        match self.queue.enter(id, None).await {
            Admission::Leader(lead) => Ok(lead),
            Admission::Done(outcome) => Err(outcome.err().unwrap_or_else(exhausted)),
        }
    }

    async fn drive(&self, id: SessionId, lead: &mut Leader<'_>) -> Outcome {
        let mut own: Option<Outcome> = None;
        let mut batch = std::mem::take(&mut lead.batch);
        let mut deliver = |commit: PendingCommit, outcome: Outcome| match commit.send_outcome(outcome) {
            None => {},
            ours => own = ours,
        };
        let bases = batch.iter().map(|commit| &commit.request.base);
        let Some(mut current) = bases.chain(&lead.latest).max_by_key(|record| record.revision()).cloned() else {
            return Err(exhausted());
        };
        let op = self.next_op();
        let mut retry = RetryPolicy::new(lead.since);
        let failure = loop {
            let now = self.now();
            let (next, lost) = self.fold(&current, op, &mut batch, now);
            for (commit, error) in lost {
                deliver(commit, Err(error));
            }
            if batch.is_empty() {
                lead.latest = Some(current);
                break None;
            }
            match self.write(id, &current, op, &next, now).await {
                Ok(Committed::Applied) => {
                    batch.drain(..).for_each(|commit| deliver(commit, Ok(Arc::clone(&next))));
                    lead.latest = Some(next);
                    break None;
                },
                Ok(Committed::Conflict(fresh)) => {
                    current = Arc::new(*fresh);
                    // Whoever carries less is quicker: a process with a long line must not lose to one with a short one for ever.
                    lead.requeue(batch.split_off(batch.len().div_ceil(2)));
                },
                Ok(Committed::Superseded) => break Some(superseded()),
                Ok(Committed::Gone) => break Some(gone()),
                Err(error) => break Some(error.into()),
            }
            if !retry.should_retry(self.rng()).await {
                break Some(exhausted());
            }
        };
        if let Some(error) = failure {
            lead.latest = None;
            batch.drain(..).for_each(|commit| deliver(commit, Err(error.repeated())));
        }
        own.unwrap_or_else(|| Err(exhausted()))
    }

    /// One record out of all that is `batch`. Who cannot come along is put off, with the reason.
    fn fold(
        &self,
        current: &Arc<Record>,
        op: OpId,
        batch: &mut Vec<PendingCommit>,
        now: Timestamp,
    ) -> (Arc<Record>, Vec<(PendingCommit, Error)>) {
        let rules = self.rules(now);
        let mut after = Arc::clone(current);
        let next = Arc::make_mut(&mut after);
        let mut failed = Vec::new();
        for (index, commit) in batch.iter().enumerate() {
            let CommitRequest { delta, base, verifier } = &commit.request;
            let applied = match base.epoch() == current.epoch() {
                true => delta.apply(next, *verifier, &rules),
                false => Err(superseded()),
            };
            if let Err(error) = applied {
                failed.push((index, error));
            }
        }
        let lost = failed.into_iter().rev().map(|(index, error)| (batch.remove(index), error)).collect();
        next.revision = current.revision().saturating_add(1);
        next.note_writer(op);
        (after, lost)
    }

    /// One compare-and-set for a change that was made on exactly `current`.
    pub(crate) async fn compare_and_set(
        &self,
        id: SessionId,
        current: &Record,
        request: &CommitRequest,
    ) -> Result<(Committed, Record), Error> {
        let now = self.now();
        let mut next = current.clone();
        request.delta.apply(&mut next, request.verifier, &self.rules(now))?;
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
        let commit = Commit::new(current, op, next);
        let mut committed = retry_unknown(|| self.store.commit(id, commit, now)).await?;
        if let Committed::Conflict(fresh) = &mut committed {
            fresh.payload = self.config.sections.modernized(std::mem::take(&mut fresh.payload));
        }
        Ok(committed)
    }

    /// Whether the session is old enough to be touched, and until when it lives then.
    pub(crate) fn due_touch(&self, record: &Record) -> Option<Timestamp> {
        let idle = self.now().saturating_add(self.config.idle).min(record.absolute);
        (idle.duration_since(record.idle) >= self.config.touch_after).then_some(idle)
    }

    pub(crate) async fn touch(&self, id: SessionId, idle: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(id, idle, self.now()).await
    }

    pub(crate) async fn destroy(&self, id: SessionId) -> Result<(), Error> {
        match retry_unknown(|| self.store.destroy(id, self.now())).await? {
            Destroyed::Existed | Destroyed::Absent => Ok(()),
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

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
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
