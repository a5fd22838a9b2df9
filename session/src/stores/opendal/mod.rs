//! [`OpendalStore`]: sessions in object stores and whatever else OpenDAL speaks to.
//!
//! One object per session, in the layout of [`Record::encode`], named by its id. A commit reads the object along with its entity tag or
//! version, compares epoch and revision, and writes on condition that the object is unchanged. An entity tag may stand for the bytes
//! alone; but no bytes ever come back, for each commit raises the revision, and each touch the deadline.

mod objects;
mod options;
mod probe;
mod turns;

use std::fmt;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use opendal::{Lister, Operator};
use tokio::sync::Mutex;
use tokio::time::timeout;

use self::objects::{Object, Objects, When, is_ended};
pub use self::options::OpendalOptions;
use self::turns::Turns;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::{Commit, Committed, Created, Decision, Destroyed, Record, Store, StoreError, Touched};

/// How often a call begins anew that was overtaken: each time, another one got through.
const TRIES: u32 = 64;

/// Keeps sessions as objects in a service that OpenDAL speaks to. Cloning shares all of it.
///
/// Which service, and with which credentials, timeouts and retries, is the [`Operator`]'s affair, which you bring:
///
/// ```no_run
/// # use session::OpendalStore;
/// # async fn example(operator: opendal::Operator) -> Result<(), session::store::StoreError> {
/// let store = OpendalStore::new(operator).await?;
/// # Ok(()) }
/// ```
///
/// # What it promises
///
/// The whole contract, where the service has conditional writes, as S3 has, and many that are like it. Every service says what it has;
/// [`new`](Self::new) asks it, and tries. The others, files, Redis and memory among them, are only for servers of one process, by
/// [`dangerous_last_writer_wins`](Self::dangerous_last_writer_wins).
///
/// A load is one request, a commit two, or one if it comes too late; a touch is two, and the end of a session three. An object store takes tens of
/// milliseconds for each, and bills it. Deadlines are kept by the clocks of your processes. It finds no sessions by user.
///
/// A bucket that keeps versions keeps those of sessions as well, until a rule of the bucket's removes them.
#[derive(Clone)]
pub struct OpendalStore {
    objects: Arc<Objects>,
    /// Where the sweep goes on.
    listing: Arc<Mutex<Option<Lister>>>,
}

impl OpendalStore {
    /// A store in the service behind `operator`, if that has conditional writes. All requests that the store sends are tried first, but
    /// for the listing of a sweep, on an object of its own: some services take conditions and never look at them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the service and what it has not, refuses or does not keep to;
    /// [`StoreError::Unavailable`] if nobody answers.
    pub async fn new(operator: Operator) -> Result<Self, StoreError> {
        Self::with(operator, OpendalOptions::new()).await
    }

    /// As [`new`](Self::new), with `options`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub async fn with(operator: Operator, options: OpendalOptions) -> Result<Self, StoreError> {
        Self::ready(operator, options, None).await
    }

    /// A store in a service that need not have conditional writes: **for one process only**.
    ///
    /// Within the process, calls on one session wait for each other, and the contract holds. A second process, an old one that is
    /// still shutting down among them, reads, changes and overwrites: updates are lost, logouts are undone, a session that was rotated is
    /// open to whoever held it before, and nothing notices. The same goes for a write that the service carries out after it has
    /// told the process that it failed.
    ///
    /// Files are written in place, unless the operator has an `atomic_write_dir`: else a crash leaves a torn record, which is
    /// then corrupt. `SqliteStore` on one machine and `RedisStore` on Redis have none of this.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub async fn dangerous_last_writer_wins(operator: Operator) -> Result<Self, StoreError> {
        Self::dangerous_last_writer_wins_with(operator, OpendalOptions::new()).await
    }

    /// As [`dangerous_last_writer_wins`](Self::dangerous_last_writer_wins), with `options`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub async fn dangerous_last_writer_wins_with(
        operator: Operator,
        options: OpendalOptions,
    ) -> Result<Self, StoreError> {
        Self::ready(operator, options, Some(Turns::default())).await
    }

    async fn ready(operator: Operator, options: OpendalOptions, turns: Option<Turns>) -> Result<Self, StoreError> {
        options.check()?;
        let objects = Objects { operator, options, turns };
        probe::capable(objects.service(), objects.operator.info().capability(), objects.is_conditional())?;
        probe::probe(&objects).await?;
        Ok(Self { objects: Arc::new(objects), listing: Arc::default() })
    }

    /// The next object that may be a session's.
    async fn next(&self, listing: &mut Option<Lister>) -> Result<Option<SessionId>, StoreError> {
        let Objects { operator, options, .. } = &*self.objects;
        loop {
            let lister = match listing {
                Some(lister) => lister,
                None => listing.insert(
                    operator.lister(&options.prefix).await.map_err(|error| self.objects.refused("list", &error))?,
                ),
            };
            let entry = match timeout(options.deadline, lister.try_next()).await {
                Ok(Ok(Some(entry))) => entry,
                ended => {
                    *listing = None;
                    return match ended {
                        Ok(Ok(_)) => Ok(None),
                        Ok(Err(error)) => Err(self.objects.refused("list", &error)),
                        Err(_) => Err(StoreError::unavailable("list: no answer within the deadline")),
                    };
                },
            };
            if let Ok(id) = entry.name().parse() {
                return Ok(Some(id));
            }
        }
    }

    /// Removes the record under `id` if it has expired.
    async fn bury(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let mut call = self.objects.call(id).await?;
        let Some(Object { bytes, seen }) = call.read().await? else {
            return Ok(false);
        };
        match Record::decode(bytes) {
            Ok(record) if is_ended(&record) => call.delete().await.map(|()| true),
            Ok(record) if record.is_expired(now) => call.end(&record, seen).await,
            // What cannot be read is for somebody to look at.
            Ok(_) | Err(_) => Ok(false),
        }
    }
}

impl Store for OpendalStore {
    async fn create(&self, id: SessionId, record: &Record, _now: Timestamp) -> Result<Created, StoreError> {
        check_size(record, self.objects.options.max_bytes)?;
        let mut call = self.objects.call(id).await?;
        let created = call.write(record.encode(), When::Absent).await?;
        Ok(if created { Created::Created } else { Created::Exists })
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let call = self.objects.call(id).await?;
        Ok(call.live(now).await?.map(|(record, _)| record))
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        check_size(commit.record, self.objects.options.max_bytes)?;
        let mut call = self.objects.call(id).await?;
        for _ in 0..TRIES {
            let Some((stored, seen)) = call.live(now).await? else {
                return Ok(Committed::Gone);
            };
            match commit.decide(&stored) {
                Decision::Replace => {
                    let bytes = commit.replacement(&stored).encode();
                    if call.write(bytes, When::Unchanged(seen)).await? {
                        return Ok(Committed::Applied);
                    }
                },
                Decision::AlreadyApplied => return Ok(Committed::Applied),
                Decision::Superseded => return Ok(Committed::Superseded),
                Decision::Conflict => return Ok(Committed::Conflict(Box::new(stored))),
            }
        }
        Err(overtaken())
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let mut call = self.objects.call(id).await?;
        for _ in 0..TRIES {
            let Some((stored, seen)) = call.live(now).await? else {
                return Ok(Touched::Gone);
            };
            let idle = idle.min(stored.absolute_deadline());
            if idle <= stored.idle_deadline() {
                return Ok(Touched::Touched);
            }
            let bytes = stored.with_idle_deadline(idle).encode();
            if call.write(bytes, When::Unchanged(seen)).await? {
                return Ok(Touched::Touched);
            }
        }
        Err(overtaken())
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        let mut call = self.objects.call(id).await?;
        for _ in 0..TRIES {
            let Some(Object { bytes, seen }) = call.read().await? else {
                return Ok(Destroyed::Absent);
            };
            let over = match Record::decode(bytes) {
                // Somebody else is about to delete it, or was.
                Ok(record) if is_ended(&record) => return call.delete().await.map(|()| Destroyed::Absent),
                Ok(record) => call.end(&record, seen).await?,
                Err(_) => call.delete().await.map(|()| true)?,
            };
            if over {
                return Ok(Destroyed::Existed);
            }
        }
        Err(overtaken())
    }

    /// Looks at up to `limit` objects, from where the last sweep has stopped: services list names, not deadlines.
    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        let mut listing = self.listing.lock().await;
        let mut removed = 0;
        for _ in 0..limit {
            let Some(id) = self.next(&mut listing).await? else {
                break;
            };
            removed += usize::from(self.bury(id, now).await?);
        }
        Ok(removed)
    }
}

impl fmt::Debug for OpendalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the operator: who knows what its service and layers print.
        f.debug_struct("OpendalStore")
            .field("service", &self.objects.service())
            .field("conditional", &self.objects.is_conditional())
            .field("options", &self.objects.options)
            .finish_non_exhaustive()
    }
}

#[cold]
fn overtaken() -> StoreError {
    StoreError::unknown(format!("others came first {TRIES} times"))
}
