//! [`FileStore`]: sessions as files in one folder.
//!
//! ```text
//! sessions/                        mode 0700, as are the folders in it; files have 0600
//!     0a1b…                        a record, as `Record::encode` writes it; the name is the id in hexadecimal digits
//!     0a1b….new                    one that is being written, or that a crash has left
//!     lock-00 … lock-3f            held while a record is changed, each for a part of the ids
//!     users/<SHA-256>/0a1b…        empty: a session of the user whose key has this hash
//! ```

mod folder;
mod index;
mod names;
mod options;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::folder::{Folder, UNFINISHED};
use self::index::Users;
pub use self::options::FileOptions;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Decision, Destroyed, Record, Store, StoreError, Touched, UserIndex, UserKey,
};

/// Keeps sessions as files in one folder, shared by all processes of one machine. Cloning shares the folder.
///
/// ```no_run
/// # async fn example() -> Result<(), session::store::StoreError> {
/// let store = session::FileStore::open("/var/lib/shop/sessions").await?;
/// # Ok(()) }
/// ```
///
/// # What it promises
///
/// A record is written to a new file, flushed, and renamed over the old one, and then the folder is flushed: a reader, a crash
/// and a power failure find all of the one or all of the other. Loads take no lock. Whatever changes a record holds one of 64
/// `flock`s, which end with their process, so nothing is left locked by a crash. Tasks of a process queue up in front of it,
/// and processes wait for each other for up to the deadline, after which the call answers [`StoreError::Unavailable`] and nothing was
/// written.
///
/// The folder belongs to its owner alone: one that others may enter is refused at the start, and so is a symbolic link. What lies in a
/// record's place and is not a plain file of that owner with mode 0600 is [`StoreError::Corrupt`], unread and left alone.
///
/// Expired records are absent, and leave by the [`Sweeper`](crate::Sweeper), which reads every file: some ten thousand sessions
/// are fine, for more there is a store in SQLite. A network file system is no place for the folder.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    records: Folder,
    users: Users,
    /// Where the tasks of this process wait, in their order, before they try the lock of that number.
    lines: Vec<Arc<Mutex<()>>>,
    options: FileOptions,
}

impl FileStore {
    /// A store in the folder at `path`, which is made if it is not there. Its parent must be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the folder and what is wrong with it.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with(path, FileOptions::new()).await
    }

    /// As [`open`](Self::open), with `options`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(path: impl Into<PathBuf>, options: FileOptions) -> Result<Self, StoreError> {
        options.check()?;
        let path = path.into();
        let opened = spawn_blocking(move || {
            let records = Folder::open(&path)?;
            let users = Users(records.open_inner("users", &path)?);
            // Held for a moment: whoever cannot make files here is told at the start.
            drop(records.lock(&names::lock(0), options.deadline)?);
            let lines = (0..names::LOCKS).map(|_| Arc::default()).collect();
            Ok(Self(Arc::new(Shared { records, users, lines, options })))
        });
        opened.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))
    }

    /// Does `work` while nobody else, in any process, changes a record that shares `id`'s lock. Once begun it is carried
    /// through, whether or not anybody still waits for it.
    async fn alone<T: Send + 'static>(
        &self,
        id: SessionId,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.0);
        let deadline = shared.options.deadline;
        let number = names::lock_number(id);
        let line = shared.lines.get(number).map(Arc::clone).unwrap_or_default();
        let turn = timeout(deadline, line.lock_owned()).await;
        let turn =
            turn.map_err(|_| StoreError::unavailable("too many changes wait for the lock of the session's file"))?;
        let job = spawn_blocking(move || {
            let _turn = turn;
            let _lock = shared.records.lock(&names::lock(number), deadline)?;
            work(&shared)
        });
        match timeout(deadline * 2, job).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::unknown(error)),
            Err(_) => Err(StoreError::unknown("the file system gave no answer in time")),
        }
    }

    /// Does `work`, which changes nothing.
    async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.0);
        let deadline = shared.options.deadline;
        match timeout(deadline, spawn_blocking(move || work(&shared))).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::unavailable(error)),
            Err(_) => Err(StoreError::unavailable("the file system gave no answer in time")),
        }
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// What is done with a record; all but `read` under its lock.
impl Shared {
    fn read(&self, id: SessionId) -> Result<Option<Record>, StoreError> {
        match self.records.read(&names::record(id))? {
            Some(bytes) => Ok(Some(Record::decode(bytes)?)),
            None => Ok(None),
        }
    }

    fn live(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        Ok(self.read(id)?.filter(|record| !record.is_expired(now)))
    }

    /// Writes `record` in the place of `before`.
    fn replace(&self, id: SessionId, before: Option<&Record>, record: &Record) -> Result<(), StoreError> {
        let (was, is) = (before.and_then(Record::user), record.user());
        if let Some(user) = is
            && was != is
        {
            self.users.enter(user, id)?;
        }
        self.records.write(&names::record(id), &record.encode())?;
        if let Some(user) = was
            && was != is
        {
            self.users.leave(&names::user(user), id);
        }
        Ok(())
    }

    fn remove(&self, id: SessionId) -> Result<bool, StoreError> {
        // One that cannot be read is removed as well: nobody has asked for what it says.
        let user = self.read(id).ok().flatten().and_then(|record| record.user().map(names::user));
        let removed = self.records.remove(&names::record(id))?;
        if removed {
            self.records.sync()?;
        }
        if let Some(user) = user {
            self.users.leave(&user, id);
        }
        Ok(removed)
    }

    /// Up to `limit` ids of records that have expired, and all of those that were left unfinished.
    fn dead(&self, limit: usize, now: Timestamp) -> Result<(Vec<SessionId>, Vec<SessionId>), StoreError> {
        let (mut expired, mut unfinished) = (Vec::new(), Vec::new());
        self.records.each(|name| {
            if let Some(id) = names::parse(name) {
                // What is no record is none that has expired.
                if let Ok(Some(record)) = self.read(id)
                    && record.is_expired(now)
                {
                    expired.push(id);
                }
            } else {
                unfinished.extend(name.strip_suffix(UNFINISHED).and_then(names::parse));
            }
            expired.len() < limit
        })?;
        Ok((expired, unfinished))
    }
}

impl Store for FileStore {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        check_size(record, self.0.options.max_bytes)?;
        let record = record.clone();
        self.alone(id, move |shared| {
            let before = match shared.read(id) {
                Ok(before) => before,
                // Whatever it is, the place is taken.
                Err(StoreError::Corrupt(_)) => return Ok(Created::Exists),
                Err(error) => return Err(error),
            };
            if before.as_ref().is_some_and(|before| !before.is_expired(now)) {
                return Ok(Created::Exists);
            }
            shared.replace(id, before.as_ref(), &record).map(|()| Created::Created)
        })
        .await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.reading(move |shared| shared.live(id, now)).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        check_size(commit.record, self.0.options.max_bytes)?;
        let Commit { epoch, revision, op, record } = commit;
        let record = record.clone();
        self.alone(id, move |shared| {
            let Some(stored) = shared.live(id, now)? else {
                return Ok(Committed::Gone);
            };
            let commit = Commit { epoch, revision, op, record: &record };
            Ok(match commit.decide(&stored) {
                Decision::Replace => {
                    shared.replace(id, Some(&stored), &commit.replacement(&stored))?;
                    Committed::Applied
                },
                Decision::AlreadyApplied => Committed::Applied,
                Decision::Superseded => Committed::Superseded,
                Decision::Conflict => Committed::Conflict(Box::new(stored)),
            })
        })
        .await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.alone(id, move |shared| {
            let Some(stored) = shared.live(id, now)? else {
                return Ok(Touched::Gone);
            };
            let later = stored.idle_deadline().max(idle).min(stored.absolute_deadline());
            if later != stored.idle_deadline() {
                shared.replace(id, Some(&stored), &stored.clone().with_idle_deadline(later))?;
            }
            Ok(Touched::Touched)
        })
        .await
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        let removed = self.alone(id, move |shared| shared.remove(id)).await?;
        Ok(if removed { Destroyed::Existed } else { Destroyed::Absent })
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        // As long as it takes: no request waits for it, and what it finds it looks at again under the lock.
        let shared = Arc::clone(&self.0);
        let found = spawn_blocking(move || {
            let (expired, unfinished) = if limit == 0 { Default::default() } else { shared.dead(limit, now)? };
            Ok((expired, unfinished, shared.users.strays(&shared.records, limit)?))
        });
        let (expired, unfinished, strays) = found.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))?;
        for id in unfinished {
            self.alone(id, move |shared| shared.records.remove(&format!("{}{UNFINISHED}", names::record(id)))).await?;
        }
        for (user, id) in strays {
            self.alone(id, move |shared| {
                if shared.read(id)?.is_none() {
                    shared.users.leave(&user, id);
                }
                Ok(())
            })
            .await?;
        }
        let mut removed = 0;
        for id in expired {
            let remove = move |shared: &Shared| match shared.read(id)? {
                Some(record) if record.is_expired(now) => shared.remove(id),
                _ => Ok(false),
            };
            removed += usize::from(self.alone(id, remove).await?);
        }
        Ok(removed)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }
}

impl FileStore {
    /// The record of `id`, if it is a session of `user`; an entry that says so wrongly is removed.
    async fn theirs(&self, id: SessionId, user: &UserKey) -> Result<Option<Record>, StoreError> {
        let user = user.clone();
        self.alone(id, move |shared| {
            let found = match shared.read(id) {
                Err(StoreError::Corrupt(_)) => return Ok(None),
                found => found?.filter(|record| record.user() == Some(&user)),
            };
            if found.is_none() {
                shared.users.leave(&names::user(&user), id);
            }
            Ok(found)
        })
        .await
    }

    async fn found(&self, user: &UserKey) -> Result<Vec<SessionId>, StoreError> {
        let user = user.clone();
        self.reading(move |shared| shared.users.of(&user)).await
    }
}

impl UserIndex for FileStore {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let mut sessions = Vec::new();
            for id in self.found(user).await? {
                if sessions.len() >= limit {
                    break;
                }
                let record = self.theirs(id, user).await?.filter(|record| !record.is_expired(now));
                sessions.extend(record.map(|record| (id, record)));
            }
            Ok(sessions)
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut removed = 0;
            for id in self.found(user).await? {
                if Some(id) == except {
                    continue;
                }
                let user = user.clone();
                let revoke = move |shared: &Shared| match shared.read(id) {
                    Ok(Some(record)) if record.user() == Some(&user) => shared.remove(id),
                    Ok(_) | Err(StoreError::Corrupt(_)) => Ok(false),
                    Err(error) => Err(error),
                };
                removed += usize::from(self.alone(id, revoke).await?);
            }
            Ok(removed)
        })
    }
}
