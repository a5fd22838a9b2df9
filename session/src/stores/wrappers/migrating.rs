//! [`Migrating`]: from one store to another, without logging anybody out.
//!
//! Two stores have no transaction in common, so a session is copied first and removed from the old store second, and what is in the new
//! store hides what is in the old one. A copy may be under way while the session is destroyed: so the end of a session is written
//! into the new store, as a record that opens for nobody and expires when the session would have, and the copy finds its place taken.

use crate::base::clock::{Rng as _, SystemRng, Timestamp};
use crate::data::payload::{Edit, Payload};
use crate::data::record::OpId;
use crate::data::token::{SessionId, VerifierHash};
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

/// Marks the end of a session. No session type can have this name.
const SECTION: &str = "_ended";
/// How often others may be first.
const TRIES: u32 = 64;
const BATCH: usize = 1_000;
/// No commit expects a revision so much later than the last one. Some stores count to 2^53.
const FAR: u64 = 1 << 40;

/// Changes the store while sessions live: whatever is written goes to the new one, and what is not there is looked for in the old
/// one. When the longest session has ended, the old store is empty and the new one can stand alone.
///
/// ```
/// use session::store::Migrating;
/// use session::MemoryStore;
///
/// let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// let store = Migrating::new(old, new);
/// ```
///
/// A session moves when it is first written or touched. Until then a load asks both stores; a load of one that has moved asks the new
/// one. It keeps the contract as long as every process that uses the sessions moves them: one that goes on writing to the old
/// store alone is not seen. A session that was ended leaves a record of some 200 bytes in the new store until it would have
/// expired.
#[derive(Clone, Debug)]
pub struct Migrating<A, B> {
    from: A,
    to: B,
}

impl<A: Store, B: Store> Migrating<A, B> {
    /// Moves sessions from the one store to the other.
    pub fn new(from: A, to: B) -> Self {
        Self { from, to }
    }

    /// Sees to it that the session is in the new store, if it lives in the old one. Answers whether it lives.
    async fn arrive(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        if let Some(there) = self.to.load(id, now).await? {
            return Ok(!is_end(&there));
        }
        if let Some(record) = self.from.load(id, now).await? {
            // Exists: it came here by another hand, or it was ended.
            let _ = self.to.create(id, &record, now).await?;
            let _ = self.from.destroy(id, now).await?;
        }
        Ok(self.to.load(id, now).await?.is_some_and(|there| !is_end(&there)))
    }

    /// Ends the session, if it is one of `user`, or whoever's it is.
    async fn end(&self, id: SessionId, user: Option<&UserKey>, now: Timestamp) -> Result<bool, StoreError> {
        let wanted = |record: &Record| user.is_none_or(|user| record.user() == Some(user));
        for _ in 0..TRIES {
            let ended = match self.to.load(id, now).await {
                Ok(Some(there)) if is_end(&there) => {
                    let _ = self.from.destroy(id, now).await?;
                    return Ok(false);
                },
                Ok(Some(there)) if !wanted(&there) => return Ok(false),
                Ok(Some(there)) => {
                    let (op, end) = end_of(&there)?;
                    let commit = Commit::new(&there, op, &end);
                    matches!(self.to.commit(id, commit, now).await?, Committed::Applied)
                },
                Ok(None) => match self.from.load(id, now).await? {
                    Some(old) if !wanted(&old) => return Ok(false),
                    Some(old) => matches!(self.to.create(id, &end_of(&old)?.1, now).await?, Created::Created),
                    // It may have arrived in between.
                    None if self.to.load(id, now).await?.is_some() => false,
                    None => return self.clear(id, now).await,
                },
                Err(StoreError::Corrupt(_)) => return self.clear(id, now).await,
                Err(error) => return Err(error),
            };
            if ended {
                let _ = self.from.destroy(id, now).await?;
                return Ok(true);
            }
        }
        Err(StoreError::unavailable("others write to the session again and again"))
    }

    /// What has expired, or cannot be read.
    async fn clear(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let there = self.to.destroy(id, now).await? == Destroyed::Existed;
        Ok(self.from.destroy(id, now).await? == Destroyed::Existed || there)
    }

    async fn seen(&self, id: SessionId, committed: Committed, now: Timestamp) -> Result<Committed, StoreError> {
        Ok(match committed {
            Committed::Conflict(there) if is_end(&there) => Committed::Gone,
            Committed::Superseded => match self.to.load(id, now).await? {
                Some(there) if !is_end(&there) => Committed::Superseded,
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
        let waiting = old.list_user(user, limit, now).await?;
        let mut found = new.list_user(user, limit, now).await?;
        for (id, record) in waiting {
            if found.len() < limit && self.to.load(id, now).await?.is_none() {
                found.push((id, record));
            }
        }
        Ok(found)
    }
}

/// The record that stands for the end of `record`'s session, and the name of the commit that writes it.
fn end_of(record: &Record) -> Result<(OpId, Record), StoreError> {
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes).map_err(StoreError::unavailable)?;
    let [a, b, c, d, rest @ ..] = bytes;
    let op = OpId { process: u32::from_be_bytes([a, b, c, d]), sequence: u32::from_be_bytes(rest) };
    let mark = Edit { section: SECTION, version: 1, codec: 0, key: "ended", value: Some(b"") };
    let mut end = Record {
        epoch: record.epoch + 1,
        revision: record.revision + FAR,
        // No verifier has this hash.
        verifier: VerifierHash::from_bytes([0; 32]),
        previous: None,
        // Who has written before and asks again gets the answer that the session is gone.
        writers: Default::default(),
        user: None,
        payload: Payload::default().edited([mark]).unwrap_or_default(),
        ..*record
    };
    end.note_writer(op);
    Ok((op, end))
}

fn is_end(record: &Record) -> bool {
    record.payload.section(SECTION).is_some()
}

impl<A: Store, B: Store> Store for Migrating<A, B> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        if self.from.load(id, now).await?.is_some() {
            return Ok(Created::Exists);
        }
        let created = self.to.create(id, record, now).await?;
        if created == Created::Exists && self.to.load(id, now).await?.is_some_and(|there| is_end(&there)) {
            let _ = self.to.destroy(id, now).await?;
            return self.to.create(id, record, now).await;
        }
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let found = match self.to.load(id, now).await? {
            Some(there) => Some(there),
            None => match self.from.load(id, now).await? {
                Some(waiting) => return Ok(Some(waiting)),
                // It may have arrived in between.
                None => self.to.load(id, now).await?,
            },
        };
        Ok(found.filter(|there| !is_end(there)))
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
            Committed::Gone if self.arrive(id, now).await? => self.to.commit(id, commit, now).await?,
            other => other,
        };
        self.seen(id, committed, now).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        if self.arrive(id, now).await? { self.to.touch(id, idle, now).await } else { Ok(Touched::Gone) }
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

    fn encrypts(&self) -> bool {
        self.from.encrypts() || self.to.encrypts()
    }
}

impl<A: Store, B: Store> UserIndex for Migrating<A, B> {
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
                        progress += usize::from(self.end(id, Some(user), now).await?);
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
