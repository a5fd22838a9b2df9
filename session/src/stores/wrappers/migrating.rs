//! [`Migrating`]: from one store to another, without ending any session.
//!
//! Two stores have no common transaction. So a session is first copied to the new store and then removed from the old
//! one, and a record in the new store hides one in the old store. A session may be destroyed while a copy is under way.
//! So the end of a session is written into the new store as a tombstone: a record that no token opens and that expires
//! when the session would have. The copy then finds that its id is taken.

use std::time::Duration;

use crate::base::clock::{Rng as _, SystemRng, Timestamp};
use crate::data::payload::{Edit, Payload};
use crate::data::record::OpId;
use crate::data::token::{SessionId, VerifierHash};
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

/// Marks a tombstone. No session type can have this name, because of the underscore.
const SECTION: &str = "_ended";
/// How often the end of a session starts again because another write came first.
const ATTEMPTS: u32 = 64;
/// Sessions of a user that are listed at a time.
const BATCH: usize = 1_000;
/// Added to the revision of a tombstone: no commit expects a revision so far ahead. Less than 2^53, the limit of some
/// stores.
const TOMBSTONE_REVISIONS: u64 = 1 << 40;

/// Moves live sessions from one store to another. All writes go to the new store; a session that is not there is looked
/// for in the old one. When the last session of the old store has expired, the new store can be used alone.
///
/// ```
/// use session::store::Migrating;
/// use session::MemoryStore;
///
/// let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// let store = Migrating::new(old, new);
/// ```
///
/// A session moves at its first write or touch. Until then a load asks both stores, and after that only the new one. A
/// session that is destroyed leaves a record of about 200 bytes in the new store, until the session would have expired.
///
/// It keeps the contract only if every process that uses the sessions uses `Migrating`: writes of a process that uses
/// the old store alone can be lost. It has a user index if both stores have one.
#[derive(Clone, Debug)]
pub struct Migrating<A, B> {
    from: A,
    to: B,
}

impl<A: Store, B: Store> Migrating<A, B> {
    /// Moves sessions from the store `from` to the store `to`.
    pub fn new(from: A, to: B) -> Self {
        Self { from, to }
    }

    /// Copies the session to the new store if it is live and not there yet. Returns whether it is live.
    async fn migrate_one(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        if let Some(there) = self.to.load(id, now).await? {
            return Ok(!is_tombstone(&there));
        }
        if let Some(record) = self.from.load(id, now).await? {
            // `Exists` means that another task has copied it, or that it has ended.
            let _ = self.to.create(id, &record, now).await?;
            let _ = self.from.destroy(id, now).await?;
        }
        Ok(self.to.load(id, now).await?.is_some_and(|there| !is_tombstone(&there)))
    }

    /// Ends the session; if `user` is given, only if it is a session of that user. Returns whether this call ended it.
    async fn end(&self, id: SessionId, user: Option<&UserKey>, now: Timestamp) -> Result<bool, StoreError> {
        let wanted = |record: &Record| user.is_none_or(|user| record.user() == Some(user));
        for _ in 0..ATTEMPTS {
            let ended = match self.to.load(id, now).await {
                Ok(Some(there)) if is_tombstone(&there) => {
                    let _ = self.from.destroy(id, now).await?;
                    return Ok(false);
                },
                Ok(Some(there)) if !wanted(&there) => return Ok(false),
                Ok(Some(there)) => {
                    let (op, tombstone) = tombstone_of(&there)?;
                    let commit = Commit::new(&there, op, &tombstone);
                    matches!(self.to.commit(id, commit, now).await?, Committed::Applied)
                },
                Ok(None) => match self.from.load(id, now).await? {
                    Some(old) if !wanted(&old) => return Ok(false),
                    Some(old) => matches!(self.to.create(id, &tombstone_of(&old)?.1, now).await?, Created::Created),
                    // Another task may have copied it between the two loads.
                    None if self.to.load(id, now).await?.is_some() => false,
                    None => return self.remove_both(id, now).await,
                },
                Err(StoreError::Corrupt(_)) => return self.remove_both(id, now).await,
                Err(error) => return Err(error),
            };
            if ended {
                let _ = self.from.destroy(id, now).await.map_err(StoreError::after_write)?;
                return Ok(true);
            }
        }
        Err(StoreError::unavailable(format!("Migrating: another write to the session came first {ATTEMPTS} times")))
    }

    /// Removes the record, which has expired or cannot be read, from both stores. Returns whether there was one.
    async fn remove_both(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let there = self.to.destroy(id, now).await? == Destroyed::Existed;
        let old = self.from.destroy(id, now).await;
        let old = if there { old.map_err(StoreError::after_write) } else { old };
        Ok(old? == Destroyed::Existed || there)
    }

    /// A commit's outcome, with a tombstone seen as what it stands for: no session.
    async fn hide_tombstone(
        &self,
        id: SessionId,
        committed: Committed,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        Ok(match committed {
            Committed::Conflict(there) if is_tombstone(&there) => Committed::Gone,
            Committed::Superseded => match self.to.load(id, now).await? {
                Some(there) if !is_tombstone(&there) => Committed::Superseded,
                _ => Committed::Gone,
            },
            other => other,
        })
    }

    async fn listed(
        &self,
        user: &UserKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Record)>, StoreError> {
        let (Some(old), Some(new)) = (self.from.users(), self.to.users()) else {
            return Err(no_user_index());
        };
        let not_moved = old.list_user(user, limit, now).await?;
        let mut found = new.list_user(user, limit, now).await?;
        for (id, record) in not_moved {
            if found.len() < limit && self.to.load(id, now).await?.is_none() {
                found.push((id, record));
            }
        }
        Ok(found)
    }
}

/// The tombstone of `record`'s session, and the operation id of the commit that writes it.
fn tombstone_of(record: &Record) -> Result<(OpId, Record), StoreError> {
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes).map_err(StoreError::unavailable)?;
    let [a, b, c, d, rest @ ..] = bytes;
    let op = OpId { process: u32::from_be_bytes([a, b, c, d]), sequence: u32::from_be_bytes(rest) };
    let mark = Edit { section: SECTION, version: 1, codec: 0, key: "ended", value: Some(b"") };
    let mut tombstone = Record {
        epoch: record.epoch + 1,
        revision: record.revision + TOMBSTONE_REVISIONS,
        // No token has this hash.
        verifier: VerifierHash::from_bytes([0; 32]),
        previous: None,
        // A repeated commit of an earlier writer is then answered `Gone`, and not `Applied`.
        writers: Default::default(),
        user: None,
        payload: Payload::default().edited([mark]).unwrap_or_default(),
        ..*record
    };
    tombstone.note_writer(op);
    Ok((op, tombstone))
}

fn is_tombstone(record: &Record) -> bool {
    record.payload.section(SECTION).is_some()
}

impl<A: Store, B: Store> Store for Migrating<A, B> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        if self.from.load(id, now).await?.is_some() {
            return Ok(Created::Exists);
        }
        let created = self.to.create(id, record, now).await?;
        if created == Created::Exists && self.to.load(id, now).await?.is_some_and(|there| is_tombstone(&there)) {
            let _ = self.to.destroy(id, now).await?;
            return self.to.create(id, record, now).await;
        }
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let found = match self.to.load(id, now).await? {
            Some(there) => Some(there),
            None => match self.from.load(id, now).await? {
                Some(record) => return Ok(Some(record)),
                // Another task may have copied it between the two loads.
                None => self.to.load(id, now).await?,
            },
        };
        Ok(found.filter(|there| !is_tombstone(there)))
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        let (old, new) = (self.from.reload(id, now).await, self.to.reload(id, now).await);
        if matches!((old, new), (Ok(Reloaded::NotCached), Ok(Reloaded::NotCached))) {
            return Ok(Reloaded::NotCached);
        }
        // The caches are current now, so `load` is; it also decides which store's error counts.
        self.load(id, now).await.map(Reloaded::Record)
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let committed = match self.to.commit(id, commit, now).await? {
            Committed::Gone if self.migrate_one(id, now).await? => self.to.commit(id, commit, now).await?,
            other => other,
        };
        self.hide_tombstone(id, committed, now).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        if self.migrate_one(id, now).await? { self.to.touch(id, idle, now).await } else { Ok(Touched::Gone) }
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        Ok(if self.end(id, None, now).await? { Destroyed::Existed } else { Destroyed::Absent })
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        let removed = self.to.sweep(limit, now).await?;
        Ok(removed + self.from.sweep(limit.saturating_sub(removed), now).await?)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        let both = self.from.users().is_some() && self.to.users().is_some();
        both.then_some(self as &dyn UserIndex)
    }

    /// The longer one, if one of the stores has none of its own.
    fn call_deadline(&self) -> Option<Duration> {
        self.from.call_deadline().max(self.to.call_deadline())
    }

    fn encrypts(&self) -> bool {
        self.from.encrypts() || self.to.encrypts()
    }
}

impl<A: Store, B: Store> UserIndex for Migrating<A, B> {
    fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            for users in [self.from.users(), self.to.users()].into_iter().flatten() {
                users.forget(user, id).await?;
            }
            Ok(())
        })
    }

    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(self.listed(user, limit, now))
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut removed = 0;
            loop {
                let mut progress = 0;
                for (id, _) in self.listed(user, BATCH, now).await? {
                    if Some(id) != except {
                        progress += match self.end(id, Some(user), now).await {
                            Ok(ended) => usize::from(ended),
                            Err(error) if removed + progress == 0 => return Err(error),
                            Err(error) => return Err(error.after_write()),
                        };
                    }
                }
                removed += progress;
                if progress + 1 < BATCH {
                    return Ok(removed);
                }
            }
        })
    }
}
