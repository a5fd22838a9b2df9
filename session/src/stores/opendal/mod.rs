//! [`OpendalStore`]: sessions in object stores and other services of OpenDAL.
//!
//! One object per session, in the layout of [`Record::encode`], named by its id. A commit reads the object with its
//! entity tag or version, compares epoch and revision, and writes on the condition that the object is unchanged. An
//! entity tag may depend on the bytes alone. That is enough, because the same bytes never come back: each commit raises
//! the revision, each touch the deadline.

mod objects;
mod options;
mod probe;
mod session_locks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use opendal::{Lister, Operator};
use tokio::sync::Mutex;
use tokio::time::timeout;

use self::objects::{Condition, Object, Objects, is_tombstone};
pub use self::options::OpendalOptions;
use self::session_locks::SessionLocks;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::{Commit, Committed, Created, Decision, Destroyed, Record, Store, StoreError, Touched};

/// How often a call starts again because another write came first. Each time, that other write succeeded.
const ATTEMPTS: u32 = 64;

/// Keeps sessions as objects in a service of OpenDAL. Cloning shares everything.
///
/// The [`Operator`], which you build, decides about the service, its credentials, timeouts and retries:
///
/// ```no_run
/// # use session::OpendalStore;
/// # async fn example(operator: opendal::Operator) -> Result<(), session::store::StoreError> {
/// let store = OpendalStore::from_operator(operator).await?;
/// # Ok(()) }
/// ```
///
/// # What it promises
///
/// It keeps the whole contract of [`Store`], in any number of processes, on services with conditional writes: S3 and
/// compatible ones. [`from_operator`](Self::from_operator) checks that the service has them. Use the other services
/// (files, Redis and memory among them) only for a server of one process, with
/// [`dangerous_last_writer_wins`](Self::dangerous_last_writer_wins).
///
/// It has no user index.
///
/// | call | requests to the service |
/// |---|---|
/// | load | 1 |
/// | commit | 2, or 1 if it is refused |
/// | touch | 2 |
/// | destroy | 3 |
///
/// Each takes tens of milliseconds in an object store, and is billed. Deadlines are by the clocks of your processes.
/// Expired records are removed by the [`Sweeper`](crate::Sweeper). A bucket with object versioning also keeps the
/// versions of sessions until a lifecycle rule of the bucket removes them.
#[derive(Clone)]
pub struct OpendalStore {
    objects: Arc<Objects>,
    /// Where the next sweep continues.
    listing: Arc<Mutex<Option<Lister>>>,
}

impl OpendalStore {
    /// A store in the service behind `operator`, which must have conditional writes. Every kind of request that the
    /// store sends, except the listing of a sweep, is tried on an object of its own, because some services accept
    /// conditions and ignore them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the service and what it does not have, refuses, or ignores;
    /// [`StoreError::Unavailable`] if the service does not answer.
    pub async fn from_operator(operator: Operator) -> Result<Self, StoreError> {
        Self::from_operator_with(operator, OpendalOptions::new()).await
    }

    /// As [`from_operator`](Self::from_operator), with `options`.
    ///
    /// ```no_run
    /// # use session::OpendalStore;
    /// # use session::store::{OpendalOptions, StoreError};
    /// # async fn example(operator: opendal::Operator) -> Result<(), StoreError> {
    /// let options = OpendalOptions::new().prefix("shop/sessions/");
    /// let store = OpendalStore::from_operator_with(operator, options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_operator`](Self::from_operator); and [`StoreError::Misconfigured`] names an option that is out of
    /// range.
    pub async fn from_operator_with(operator: Operator, options: OpendalOptions) -> Result<Self, StoreError> {
        Self::probed(operator, options, None).await
    }

    /// A store in a service that may lack conditional writes: **for one process only**.
    ///
    /// Within the process, calls on one session wait for each other, and the contract holds. A second process, even an
    /// old one that is still shutting down, reads, changes and overwrites without noticing: updates are lost, logouts
    /// are undone, and the old token of a rotated session works again. The same happens if the service carries out a
    /// write after it has reported a failure.
    ///
    /// Files are written in place unless the operator has an `atomic_write_dir`: without it, a crash can leave a partly
    /// written record, which is then corrupt. `SqliteStore` and `FileStore` on one machine, and `RedisStore` on Redis,
    /// have none of these limits.
    ///
    /// ```no_run
    /// # use session::OpendalStore;
    /// # async fn example(operator: opendal::Operator) -> Result<(), session::store::StoreError> {
    /// let store = OpendalStore::dangerous_last_writer_wins(operator).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_operator`](Self::from_operator).
    pub async fn dangerous_last_writer_wins(operator: Operator) -> Result<Self, StoreError> {
        Self::dangerous_last_writer_wins_with(operator, OpendalOptions::new()).await
    }

    /// As [`dangerous_last_writer_wins`](Self::dangerous_last_writer_wins), with `options`.
    ///
    /// # Errors
    ///
    /// As [`from_operator_with`](Self::from_operator_with).
    pub async fn dangerous_last_writer_wins_with(
        operator: Operator,
        options: OpendalOptions,
    ) -> Result<Self, StoreError> {
        Self::probed(operator, options, Some(SessionLocks::default())).await
    }

    async fn probed(
        operator: Operator,
        options: OpendalOptions,
        locks: Option<SessionLocks>,
    ) -> Result<Self, StoreError> {
        options.check()?;
        let objects = Objects { operator, options, locks };
        probe::check_capability(objects.service(), objects.operator.info().capability(), objects.is_conditional())?;
        probe::probe(&objects).await?;
        Ok(Self { objects: Arc::new(objects), listing: Arc::default() })
    }

    /// The id of the next object, from where the last call stopped; `None` at the end of the listing. Objects whose
    /// name is not an id are skipped.
    async fn next_id(&self, listing: &mut Option<Lister>) -> Result<Option<SessionId>, StoreError> {
        let Objects { operator, options, .. } = &*self.objects;
        loop {
            let lister = match listing {
                Some(lister) => lister,
                None => listing.insert(
                    operator.lister(&options.prefix).await.map_err(|error| self.objects.read_error("list", &error))?,
                ),
            };
            let entry = match timeout(options.deadline, lister.try_next()).await {
                Ok(Ok(Some(entry))) => entry,
                ended => {
                    *listing = None;
                    return match ended {
                        Ok(Ok(_)) => Ok(None),
                        Ok(Err(error)) => Err(self.objects.read_error("list", &error)),
                        Err(_) => Err(StoreError::unavailable(self.objects.late("list"))),
                    };
                },
            };
            if let Ok(id) = entry.name().parse() {
                return Ok(Some(id));
            }
        }
    }

    /// Removes the record under `id` if it has expired or is a tombstone. Returns whether it did.
    async fn sweep_one(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        // A session that other calls use for so long is live.
        let Ok(mut call) = self.objects.call(id).await else {
            return Ok(false);
        };
        let Some(Object { bytes, version }) = call.read().await? else {
            return Ok(false);
        };
        match Record::decode(bytes) {
            Ok(record) if is_tombstone(&record) => call.delete().await.map(|()| true),
            Ok(record) if record.is_expired(now) => call.end(&record, version).await,
            // An object that is no record is left for an operator to examine.
            Ok(_) | Err(_) => Ok(false),
        }
    }
}

impl Store for OpendalStore {
    async fn create(&self, id: SessionId, record: &Record, _now: Timestamp) -> Result<Created, StoreError> {
        check_size(record, self.objects.options.max_bytes)?;
        let mut call = self.objects.call(id).await?;
        let created = call.write(record.encode(), Condition::Absent).await?;
        Ok(if created { Created::Created } else { Created::Exists })
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let call = self.objects.call(id).await?;
        Ok(call.live(now).await?.map(|(record, _)| record))
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        check_size(commit.record, self.objects.options.max_bytes)?;
        let mut call = self.objects.call(id).await?;
        for _ in 0..ATTEMPTS {
            let Some((stored, version)) = call.live(now).await? else {
                return Ok(Committed::Gone);
            };
            match commit.decide(&stored) {
                Decision::Replace => {
                    let bytes = commit.replacement(&stored).encode();
                    if call.write(bytes, Condition::Unchanged(version)).await? {
                        return Ok(Committed::Applied);
                    }
                },
                Decision::AlreadyApplied => return Ok(Committed::Applied),
                Decision::Superseded => return Ok(Committed::Superseded),
                Decision::Conflict => return Ok(Committed::Conflict(Box::new(stored))),
            }
        }
        Err(gave_up())
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let mut call = self.objects.call(id).await?;
        for _ in 0..ATTEMPTS {
            let Some((stored, version)) = call.live(now).await? else {
                return Ok(Touched::Gone);
            };
            let idle = idle.min(stored.absolute_deadline());
            if idle <= stored.idle_deadline() {
                return Ok(Touched::Touched);
            }
            let bytes = stored.with_idle_deadline(idle).encode();
            if call.write(bytes, Condition::Unchanged(version)).await? {
                return Ok(Touched::Touched);
            }
        }
        Err(gave_up())
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        let mut call = self.objects.call(id).await?;
        for _ in 0..ATTEMPTS {
            let Some(Object { bytes, version }) = call.read().await? else {
                return Ok(Destroyed::Absent);
            };
            let ended = match Record::decode(bytes) {
                // Another call has ended the session, and its deletion is under way or has failed.
                Ok(record) if is_tombstone(&record) => return call.delete().await.map(|()| Destroyed::Absent),
                Ok(record) => call.end(&record, version).await?,
                Err(_) => call.delete().await.map(|()| true)?,
            };
            if ended {
                return Ok(Destroyed::Existed);
            }
        }
        Err(gave_up())
    }

    /// Reads objects from where the last sweep stopped, until `limit` are removed or `limit` stay: services list names,
    /// not deadlines.
    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        let mut listing = self.listing.lock().await;
        let (mut removed, mut left) = (0, 0);
        while removed < limit && left < limit {
            let Some(id) = self.next_id(&mut listing).await? else {
                break;
            };
            match self.sweep_one(id, now).await? {
                true => removed += 1,
                false => left += 1,
            }
        }
        Ok(removed)
    }

    /// Its calls have deadlines of their own.
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Debug for OpendalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the operator: its service and layers might print credentials.
        f.debug_struct("OpendalStore")
            .field("service", &self.objects.service())
            .field("conditional", &self.objects.is_conditional())
            .field("options", &self.objects.options)
            .finish_non_exhaustive()
    }
}

#[cold]
fn gave_up() -> StoreError {
    StoreError::unknown(format!("OpendalStore: another write came first {ATTEMPTS} times"))
}
