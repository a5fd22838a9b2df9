//! Every write: new sessions, commits, touches, destructions.

use std::sync::Arc;

use super::commit_queue::{Admission, CommitRequest, Leader, Outcome, PendingCommit};
use super::config::Config;
use super::delta::Delta;
use super::load::LoadedSession;
use super::retry::{RetryPolicy, retry_unknown};
use super::{Engine, conflict, gone, superseded};
use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::data::payload::Payload;
use crate::data::record::{OpId, Record, UserKey};
use crate::data::token::{SessionId, Token};
use crate::port::{Commit, Committed, Created, Destroyed, StoreError, Touched};

impl Engine {
    /// Stores a new session: `base` with the changes of `delta`.
    pub(crate) async fn create(&self, base: &Payload, delta: &Delta) -> Result<(LoadedSession, Token), Error> {
        let now = self.now();
        let rules = self.rules(now);
        let payload = delta.apply_to_payload(base, rules.sections)?;
        delta.check(base, &payload, rules.sections)?;
        // A second random id is taken if the first one exists already, or if the outcome is unknown: then the first
        // record may exist, but its token is never sent to a client, so it expires unused.
        let mut cause = None;
        for _ in 0..2 {
            let token = Token::generate(self.rng()).map_err(Error::no_random_bytes)?;
            let end = now.saturating_add(rules.absolute);
            let mut record = Record {
                epoch: 1,
                revision: 1,
                idle: now.saturating_add(rules.idle).min(end),
                absolute: end,
                created: now,
                rotated: now,
                verifier: self.backend.verifier_hash(&token),
                previous: None,
                writers: Default::default(),
                user: rules.sections.user_of(&payload, None, rules.app)?,
                payload: payload.clone(),
            };
            record.note_writer(self.next_op());
            match self.backend.store().create(token.id(), &record, now).await {
                Ok(Created::Created) => {
                    return Ok((LoadedSession { id: token.id(), record: Arc::new(record) }, token));
                },
                Ok(Created::Exists) => {},
                Err(StoreError::Unknown(unknown)) => cause = Some(unknown),
                Err(error) => return Err(error.into()),
            }
        }
        let error = Error::new(ErrorKind::Unavailable, "the store did not confirm a new session");
        Err(match cause {
            Some(cause) => error.caused_by(cause),
            None => error,
        })
    }

    /// The token that replaces the one of `id` at a change of privilege.
    pub(crate) fn rotate_token(&self, id: SessionId) -> Result<Token, Error> {
        self.backend.rotate(id, self.rng()).map_err(Error::no_random_bytes)
    }

    /// Commits `request`, alone or in a batch with the requests that wait for the same session.
    pub(crate) async fn commit(&self, id: SessionId, request: CommitRequest) -> Outcome {
        if self.lives_in_cookie() {
            let (committed, next) = self.compare_and_set(id, &request.base, &request).await?;
            return match committed {
                Committed::Applied => Ok(Arc::new(next)),
                Committed::Gone => Err(gone()),
                Committed::Superseded | Committed::Conflict(_) => Err(superseded()),
            };
        }
        match self.queue.enter(id, Some(request)).await {
            Admission::Done(outcome) => outcome,
            Admission::Leader(mut leader) => self.commit_batch(id, &mut leader).await,
        }
    }

    /// Waits until no other commit of this process to the session is under way, and keeps others waiting until the
    /// answer is dropped. `None` where requests do not share records.
    pub(crate) async fn exclusive(&self, id: SessionId) -> Result<Option<Leader<'_>>, Error> {
        if self.lives_in_cookie() {
            return Ok(None);
        }
        match self.queue.enter(id, None).await {
            Admission::Leader(leader) => Ok(Some(leader)),
            Admission::Done(outcome) => Err(outcome.err().unwrap_or_else(conflict)),
        }
    }

    /// Commits the leader's batch with one compare-and-set, again on each conflict, and sends each request its outcome.
    async fn commit_batch(&self, id: SessionId, leader: &mut Leader<'_>) -> Outcome {
        let mut own: Option<Outcome> = None;
        let mut batch = std::mem::take(&mut leader.batch);
        let mut deliver = |commit: PendingCommit, outcome: Outcome| {
            if let Some(outcome) = commit.send_outcome(outcome) {
                own = Some(outcome);
            }
        };
        let bases = batch.iter().map(|commit| &commit.request.base);
        let Some(mut current) = bases.chain(&leader.latest).max_by_key(|record| record.revision()).cloned() else {
            return Err(conflict());
        };
        let mut retry = RetryPolicy::new(leader.since);
        let failure = loop {
            let op = self.next_op();
            let now = self.now();
            let (next, refused) = self.fold(&current, op, &mut batch, now);
            for (commit, error) in refused {
                deliver(commit, Err(error));
            }
            if batch.is_empty() {
                leader.latest = Some(current);
                break None;
            }
            let is_use = batch.iter().all(|commit| commit.request.is_use);
            match self.write(id, &current, op, &next, judged_at(&current, is_use, now)).await {
                Ok(Committed::Applied) => {
                    batch.drain(..).for_each(|commit| deliver(commit, Ok(Arc::clone(&next))));
                    leader.latest = Some(next);
                    break None;
                },
                Ok(Committed::Conflict(fresh)) => {
                    current = Arc::new(*fresh);
                    // A large batch takes longer to fold. Half of it is tried next, or a process with many waiting
                    // requests would always lose against a process with few.
                    leader.requeue(batch.split_off(batch.len().div_ceil(2)));
                },
                Ok(Committed::Superseded) => break Some(superseded()),
                Ok(Committed::Gone) => break Some(gone()),
                // One request of the batch may be the cause, so the others are committed apart from it.
                Err(StoreError::TooLarge { .. } | StoreError::Full(_) | StoreError::Misconfigured(_))
                    if batch.len() > 1 =>
                {
                    leader.requeue(batch.split_off(1));
                    continue;
                },
                Err(error) => break Some(error.into()),
            }
            if !retry.should_retry(self.rng()).await {
                break Some(conflict());
            }
        };
        if let Some(error) = failure {
            leader.latest = None;
            batch.drain(..).for_each(|commit| deliver(commit, Err(error.repeated())));
        }
        own.unwrap_or_else(|| Err(conflict()))
    }

    /// The record that follows `current` when every request of the batch is applied. A request that does not apply
    /// leaves the batch with its error.
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
            let CommitRequest { delta, base, verifier, .. } = &commit.request;
            let applied = match base.epoch() == current.epoch() {
                true => delta.apply(next, *verifier, &rules),
                false => Err(superseded()),
            };
            if let Err(error) = applied {
                failed.push((index, error));
            }
        }
        let refused = failed.into_iter().rev().map(|(index, error)| (batch.remove(index), error)).collect();
        next.revision = current.revision().saturating_add(1);
        next.note_writer(op);
        (after, refused)
    }

    /// One compare-and-set for a change that was made on exactly `current`, with the record that it stores.
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
        let committed = self.write(id, current, op, &next, judged_at(current, request.is_use, now)).await?;
        Ok((committed, next))
    }

    /// An `async fn` would hold its arguments twice.
    fn write(
        &self,
        id: SessionId,
        current: &Record,
        op: OpId,
        next: &Record,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send {
        let commit = Commit::new(current, op, next);
        async move {
            let mut committed = retry_unknown(|| self.backend.store().commit(id, commit, now)).await?;
            if let Committed::Conflict(fresh) = &mut committed {
                fresh.payload = self.config.sections.modernized(std::mem::take(&mut fresh.payload));
            }
            Ok(committed)
        }
    }

    /// The idle deadline to set as soon as the session is loaded: if less than half of the idle time is left, the
    /// request may take longer than what is left.
    pub(crate) fn urgent_touch(&self, record: &Record, now: Timestamp) -> Option<Timestamp> {
        let is_urgent = record.idle.duration_since(now) < self.config.idle / 2 && !self.lives_in_cookie();
        is_urgent.then(|| self.due_touch(record, None)).flatten()
    }

    /// The idle deadline to set, if the stored one is old enough that a touch is due. `touched` is a later one that
    /// this request has set.
    pub(crate) fn due_touch(&self, record: &Record, touched: Option<Timestamp>) -> Option<Timestamp> {
        let idle = self.now().saturating_add(self.config.idle).min(record.absolute);
        let stored = touched.map_or(record.idle, |touched| touched.max(record.idle));
        (idle.duration_since(stored) >= self.config.touch_after).then_some(idle)
    }

    pub(crate) async fn touch(&self, id: SessionId, idle: Timestamp) -> Result<Touched, StoreError> {
        self.backend.store().touch(id, idle, self.now()).await
    }

    /// Ends session `id`. `record` is its record, if the request has loaded it.
    pub(crate) async fn destroy(&self, id: SessionId, record: Option<&Record>) -> Result<(), Error> {
        let until = record.map(|record| record.absolute);
        let (Destroyed::Existed | Destroyed::Absent) =
            retry_unknown(|| self.backend.destroy(id, until, self.now())).await?;
        if let Some(user) = record.and_then(Record::user) {
            self.forget(id, user).await;
        }
        Ok(())
    }

    /// Removes the entry of session `id`, in which `user` is no longer logged in, from the user index.
    pub(crate) async fn forget(&self, id: SessionId, user: &UserKey) {
        let Some(users) = self.users() else { return };
        if let Err(error) = users.forget(user, id).await {
            // A surplus entry is noticed when the record is read, and expires.
            tracing::debug!(session = %id, %error, "the entry of a user index could not be removed");
        }
    }

    /// Whether `record` is filed under another user than the one that its `user` field names: an older release has
    /// stored the field in another form, or it was no `user` field then.
    pub(crate) fn is_misfiled(&self, record: &Record) -> bool {
        !self.lives_in_cookie() && self.user_of(record) != record.user
    }

    /// The user that the fields of `record` name.
    pub(crate) fn user_of(&self, record: &Record) -> Option<UserKey> {
        let Config { sections, app, .. } = &self.config;
        let payload = sections.modernized(record.payload.clone());
        sections.user_of(&payload, record.user.clone(), app).unwrap_or_default()
    }
}

/// The time at which the store judges whether `current` is live. A request at work is use of the session, so only the
/// absolute deadline ends it.
fn judged_at(current: &Record, is_use: bool, now: Timestamp) -> Timestamp {
    match is_use && now < current.absolute {
        true => now.min(current.idle.offset(-1)),
        false => now,
    }
}
