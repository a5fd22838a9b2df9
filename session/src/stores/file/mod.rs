//! [`FileStore`]: sessions as files in one folder.
//!
//! ```text
//! sessions/                        mode 0700, as are the folders in it; files have 0600
//!     0a1b…                        a record, as `Record::encode` writes it; the name is the id in hexadecimal digits
//!     0a1b….new                    a record that is being written, or that a crash has left unfinished
//!     lock-00 … lock-3f            lock files; each is held while a record of its share of the ids is changed
//!     users/<SHA-256>/0a1b…        an empty file: a session of the user whose key has this hash
//! ```

mod folder;
mod index;
mod names;
mod options;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
/// ```
/// # let temporary = std::env::temp_dir().join(format!("session-doc-{}", std::process::id()));
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let path = &temporary;
/// // let path = "/var/lib/shop/sessions";
/// let store = session::FileStore::open(path).await?;
/// # Ok::<(), session::store::StoreError>(()) }).unwrap();
/// # std::fs::remove_dir_all(temporary).unwrap();
/// ```
///
/// # What it promises
///
/// It keeps the whole contract of [`Store`](crate::Store), for any number of processes on one machine, and finds
/// sessions by user.
///
/// - **Atomic and durable.** A record is written to a new file, flushed, and renamed over the old one; then the folder
///   is flushed. A reader, and the next process after a crash or a power failure, finds either the old record or the
///   new one, whole.
/// - **Locks.** Loads take no lock. A change takes one of 64 `flock`s. The system releases them when the process ends,
///   so a crash leaves nothing locked. Tasks of one process queue in front of the lock; processes wait for each other
///   for up to the [deadline](FileOptions::deadline). After that the call answers [`StoreError::Unavailable`], and
///   nothing was written.
/// - **Private.** Group and others must have no access to the folder: such a folder is refused at the start, and so is
///   a symbolic link. A record is read only if it is a regular file of the same user with mode 0600. Anything else in
///   its place is [`StoreError::Corrupt`], and is left as it is.
///
/// Expired records are absent. The [`Sweeper`](crate::Sweeper) removes them; it reads every file, so use the store for
/// some ten thousand sessions, and `SqliteStore` for more. Do not use a network file system: its locks and renames give
/// fewer guarantees.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    records: Folder,
    users: Users,
    /// One for each lock file: the tasks of this process wait here, in order, before one of them tries the lock file.
    task_locks: Vec<Arc<Mutex<()>>>,
    options: FileOptions,
}

impl FileStore {
    /// A store in the folder at `path`. The folder is created, with mode 0700, if it does not exist; its parent must
    /// exist. Call it within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the folder and the reason: the parent does not exist, the folder belongs to
    /// another user, others have access to it, no file can be created in it.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with(path, FileOptions::new()).await
    }

    /// As [`open`](Self::open), with `options`.
    ///
    /// ```no_run
    /// # use session::FileStore;
    /// # use session::store::{FileOptions, StoreError};
    /// # async fn example() -> Result<(), StoreError> {
    /// let options = FileOptions::new().max_bytes(64 * 1024);
    /// let store = FileStore::open_with("/var/lib/shop/sessions", options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); and [`StoreError::Misconfigured`] names an option that is out of range.
    pub async fn open_with(path: impl Into<PathBuf>, options: FileOptions) -> Result<Self, StoreError> {
        options.check()?;
        let path = path.into();
        let opened = spawn_blocking(move || {
            let records = Folder::open(&path)?;
            let users = Users(records.open_subfolder("users", &path)?);
            // A process that cannot create files here learns it at the start, and not at the first login.
            drop(records.lock(&names::lock(0), options.deadline)?);
            let task_locks = (0..names::LOCKS).map(|_| Arc::default()).collect();
            Ok(Self(Arc::new(Shared { records, users, task_locks, options })))
        });
        opened.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))
    }

    /// Runs `work` while it holds the lock of `id`: no other task and no other process changes the record meanwhile.
    /// Once started, `work` runs to its end, even if the caller's future is dropped.
    async fn with_lock<T: Send + 'static>(
        &self,
        id: SessionId,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.0);
        let deadline = shared.options.deadline;
        let number = names::lock_number(id);
        let task_lock = shared.task_locks.get(number).map(Arc::clone).unwrap_or_default();
        let guard = timeout(deadline, task_lock.lock_owned()).await.map_err(|_| {
            StoreError::unavailable(format!(
                "FileStore: other changes of this process held `{}` for longer than the deadline of {deadline:?}",
                names::lock(number)
            ))
        })?;
        let job = spawn_blocking(move || {
            let _guard = guard;
            let _lock = shared.records.lock(&names::lock(number), deadline)?;
            work(&shared)
        });
        // Once for the lock file, once for the work.
        match timeout(deadline * 2, job).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::unknown(error)),
            Err(_) => Err(StoreError::unknown(late(deadline))),
        }
    }

    /// Runs `work`, which changes nothing, without a lock.
    async fn without_lock<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.0);
        let deadline = shared.options.deadline;
        match timeout(deadline, spawn_blocking(move || work(&shared))).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::unavailable(error)),
            Err(_) => Err(StoreError::unavailable(late(deadline))),
        }
    }
}

fn late(deadline: Duration) -> String {
    format!("FileStore: the file system gave no answer within the deadline of {deadline:?}")
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// Blocking operations on one record. All but `read` and `live` need its lock.
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

    /// Writes `record`, which replaces `before`, and updates the user index.
    fn replace(&self, id: SessionId, before: Option<&Record>, record: &Record) -> Result<(), StoreError> {
        let (old_user, new_user) = (before.and_then(Record::user), record.user());
        if let Some(user) = new_user
            && old_user != new_user
        {
            self.users.add(user, id)?;
        }
        self.records.write(&names::record(id), &record.encode())?;
        if let Some(user) = old_user
            && old_user != new_user
        {
            self.users.remove(&names::user(user), id);
        }
        Ok(())
    }

    fn remove(&self, id: SessionId) -> Result<bool, StoreError> {
        // A record that cannot be read is removed as well; only its entry in the index is not found.
        let user = self.read(id).ok().flatten().and_then(|record| record.user().map(names::user));
        let removed = self.records.remove(&names::record(id))?;
        if removed {
            self.records.sync()?;
        }
        if let Some(user) = user {
            self.users.remove(&user, id);
        }
        Ok(removed)
    }

    /// The ids of up to `limit` expired records, and of the unfinished files met on the way.
    fn expired(&self, limit: usize, now: Timestamp) -> Result<(Vec<SessionId>, Vec<SessionId>), StoreError> {
        let (mut expired, mut unfinished) = (Vec::new(), Vec::new());
        self.records.for_each_name(|name| {
            if let Some(id) = names::parse(name) {
                // A file that cannot be read as a record is left for an operator to examine.
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
        self.with_lock(id, move |shared| {
            let before = match shared.read(id) {
                Ok(before) => before,
                // Something else is under that name, and is not overwritten.
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
        self.without_lock(move |shared| shared.live(id, now)).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        check_size(commit.record, self.0.options.max_bytes)?;
        let Commit { epoch, revision, last_op, op, record, until, changes_user } = commit;
        let record = record.clone();
        self.with_lock(id, move |shared| {
            let Some(stored) = shared.live(id, now)? else {
                return Ok(Committed::Gone);
            };
            let commit = Commit { epoch, revision, last_op, op, record: &record, until, changes_user };
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
        self.with_lock(id, move |shared| {
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
        let removed = self.with_lock(id, move |shared| shared.remove(id)).await?;
        Ok(if removed { Destroyed::Existed } else { Destroyed::Absent })
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        // Without a deadline, because no request waits for it. What it finds is checked again under the lock.
        let shared = Arc::clone(&self.0);
        let found = spawn_blocking(move || {
            let (expired, unfinished) = if limit == 0 { Default::default() } else { shared.expired(limit, now)? };
            Ok((expired, unfinished, shared.users.orphans(&shared.records, limit)?))
        });
        let (expired, unfinished, orphans) = found.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))?;
        // What is no file of this store is left for an operator to examine, and keeps nothing else from being removed.
        let unless_foreign = |outcome| match outcome {
            Err(StoreError::Corrupt(_)) => Ok(false),
            outcome => outcome,
        };
        for id in unfinished {
            let remove = move |shared: &Shared| shared.records.remove(&format!("{}{UNFINISHED}", names::record(id)));
            unless_foreign(self.with_lock(id, remove).await)?;
        }
        for (user, id) in orphans {
            let remove = move |shared: &Shared| {
                if shared.read(id)?.is_none() {
                    shared.users.remove(&user, id);
                }
                Ok(false)
            };
            unless_foreign(self.with_lock(id, remove).await)?;
        }
        let mut removed = 0;
        for id in expired {
            let remove = move |shared: &Shared| match shared.read(id)? {
                Some(record) if record.is_expired(now) => shared.remove(id),
                _ => Ok(false),
            };
            removed += usize::from(unless_foreign(self.with_lock(id, remove).await)?);
        }
        Ok(removed)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    /// Its calls have deadlines of their own.
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}

impl FileStore {
    /// The record of `id` if it belongs to `user`. If it does not, the entry that led here is removed.
    async fn record_of(&self, id: SessionId, user: &UserKey) -> Result<Option<Record>, StoreError> {
        let user = user.clone();
        self.with_lock(id, move |shared| {
            let found = match shared.read(id) {
                Err(StoreError::Corrupt(_)) => return Ok(None),
                found => found?.filter(|record| record.user() == Some(&user)),
            };
            if found.is_none() {
                shared.users.remove(&names::user(&user), id);
            }
            Ok(found)
        })
        .await
    }

    /// The ids of the index entries of `user`; some may be superfluous.
    async fn entries(&self, user: &UserKey) -> Result<Vec<SessionId>, StoreError> {
        let user = user.clone();
        self.without_lock(move |shared| shared.users.of(&user)).await
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
            for id in self.entries(user).await? {
                if sessions.len() >= limit {
                    break;
                }
                let record = self.record_of(id, user).await?.filter(|record| !record.is_expired(now));
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
            for id in self.entries(user).await? {
                if Some(id) == except {
                    continue;
                }
                let user = user.clone();
                let revoke = move |shared: &Shared| match shared.read(id) {
                    Ok(Some(record)) if record.user() == Some(&user) => shared.remove(id),
                    Ok(_) | Err(StoreError::Corrupt(_)) => Ok(false),
                    Err(error) => Err(error),
                };
                removed += match self.with_lock(id, revoke).await {
                    Ok(was_there) => usize::from(was_there),
                    Err(error) if removed == 0 => return Err(error),
                    Err(error) => return Err(error.after_write()),
                };
            }
            Ok(removed)
        })
    }
}
