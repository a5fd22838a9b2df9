//! [`Objects`]: reads, conditional writes and deletions of single objects, each within a deadline.

use bytes::Bytes;
use opendal::options::WriteOptions;
use opendal::{ErrorKind, Metadata, Operator};
use tokio::time::{Instant, timeout_at};

use super::options::OpendalOptions;
use super::session_locks::{SessionGuard, SessionLocks};
use crate::base::clock::Timestamp;
use crate::data::payload::Payload;
use crate::data::token::SessionId;
use crate::port::{Record, StoreError};

/// The idle deadline of a tombstone: earlier than that of any session.
const TOMBSTONE_DEADLINE: Timestamp = Timestamp::from_millis(0);

/// The objects of one store.
pub(super) struct Objects {
    pub(super) operator: Operator,
    pub(super) options: OpendalOptions,
    /// Used instead of conditions where the service checks none.
    pub(super) locks: Option<SessionLocks>,
}

/// One call of the store: its object, and its deadline.
pub(super) struct Call<'a> {
    objects: &'a Objects,
    path: String,
    until: Instant,
    guard: Option<SessionGuard>,
    /// Whether a write may have been applied although the answer was that its condition failed: a retry layer of the
    /// operator repeats a request whose answer was lost, and the second request then fails because of the first one's
    /// effect.
    maybe_applied: bool,
    /// Whether no session depends on the outcome: a refusal then names what the service does not permit.
    is_probe: bool,
}

/// An object as it was read.
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) version: Version,
}

/// Metadata that identifies the bytes that were read: it has an entity tag or a version. `None` where the service
/// checks no conditions.
pub(super) type Version = Option<Metadata>;

/// On which condition a write happens. Where the service checks none, the lock of the session ensures it.
pub(super) enum Condition {
    /// There is no such object.
    Absent,
    /// The object is still this version.
    Unchanged(Version),
}

impl Objects {
    pub(super) fn service(&self) -> &'static str {
        self.operator.info().scheme()
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.locks.is_none()
    }

    /// Begins a call on a session's object, when it has the lock.
    pub(super) async fn call(&self, id: SessionId) -> Result<Call<'_>, StoreError> {
        let mut call = Call { is_probe: false, ..self.call_on(&id.to_string()) };
        if let Some(locks) = &self.locks {
            let guard = timeout_at(call.until, locks.lock(id)).await.map_err(|_| {
                let deadline = self.options.deadline;
                StoreError::unavailable(format!(
                    "OpendalStore: other calls on the session took longer than the deadline of {deadline:?}"
                ))
            })?;
            call.guard = Some(guard);
        }
        Ok(call)
    }

    /// Begins a call of the probe, on an object that no other call uses.
    pub(super) fn call_on(&self, name: &str) -> Call<'_> {
        let OpendalOptions { prefix, deadline, .. } = &self.options;
        Call {
            objects: self,
            path: format!("{prefix}{name}"),
            until: Instant::now() + *deadline,
            guard: None,
            maybe_applied: false,
            is_probe: true,
        }
    }

    pub(super) fn late(&self, verb: &str) -> String {
        format!("{} {verb}: no answer within the deadline of {:?}", self.service(), self.options.deadline)
    }

    /// The error of a request that changes nothing.
    pub(super) fn read_error(&self, verb: &str, error: &opendal::Error) -> StoreError {
        let cause = format!("{} {verb}: {error}", self.service());
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ConfigInvalid | ErrorKind::Unsupported => {
                StoreError::Misconfigured(cause)
            },
            _ => StoreError::unavailable(cause),
        }
    }
}

impl Call<'_> {
    /// The object, if there is one.
    pub(super) async fn read(&self) -> Result<Option<Object>, StoreError> {
        let conditional = self.objects.is_conditional();
        let reading = async {
            let reader = self.objects.operator.reader(&self.path).await?;
            let bytes = reader.read(..).await?.to_bytes();
            let identifies = |found: &&Metadata| conditional && (found.etag().is_some() || found.version().is_some());
            Ok::<_, opendal::Error>(Object { bytes, version: reader.metadata().filter(identifies).cloned() })
        };
        match timeout_at(self.until, reading).await {
            Ok(Ok(Object { version: None, .. })) if conditional => {
                let service = self.objects.service();
                Err(StoreError::Misconfigured(format!(
                    "the service {service} returns neither an entity tag nor a version with an object"
                )))
            },
            Ok(Ok(object)) => Ok(Some(object)),
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Ok(Err(error)) => Err(self.in_doubt(self.objects.read_error("read", &error))),
            Err(_) => Err(self.in_doubt(StoreError::unavailable(self.objects.late("read")))),
        }
    }

    /// The live record in the object.
    pub(super) async fn live(&self, now: Timestamp) -> Result<Option<(Record, Version)>, StoreError> {
        let Some(Object { bytes, version }) = self.read().await? else {
            return Ok(None);
        };
        let record = Record::decode(bytes)?;
        Ok((!record.is_expired(now)).then_some((record, version)))
    }

    pub(super) async fn exists(&self) -> Result<bool, StoreError> {
        match timeout_at(self.until, self.objects.operator.exists(&self.path)).await {
            Ok(Ok(exists)) => Ok(exists),
            Ok(Err(error)) => Err(self.objects.read_error("stat", &error)),
            Err(_) => Err(StoreError::unavailable(self.objects.late("stat"))),
        }
    }

    /// Writes the whole object. `false` if the condition does not hold.
    pub(super) async fn write(&mut self, bytes: Vec<u8>, condition: Condition) -> Result<bool, StoreError> {
        let options = match condition {
            Condition::Absent if !self.objects.is_conditional() && self.exists().await? => return Ok(false),
            Condition::Absent => {
                WriteOptions { if_not_exists: self.objects.is_conditional(), ..WriteOptions::default() }
            },
            Condition::Unchanged(version) => WriteOptions { if_not_changed: version, ..WriteOptions::default() },
        };
        let (operator, path) = (self.objects.operator.clone(), self.path.clone());
        self.change("write", async move { operator.write_options(&path, bytes, options).await.map(|_| ()) }).await
    }

    /// Removes the object, whatever is in it by now.
    pub(super) async fn delete(&mut self) -> Result<(), StoreError> {
        let (operator, path) = (self.objects.operator.clone(), self.path.clone());
        self.change("delete", async move { operator.delete(&path).await }).await.map(|_| ())
    }

    /// Ends the session, for good, if its object is still this version; otherwise returns `false`.
    ///
    /// Few services delete on a condition. So the object is first overwritten, on the condition that it is unchanged,
    /// by a tombstone: an empty record that has expired. Of several calls that end a session one succeeds, and if the
    /// deletion then fails, the sweep removes the tombstone.
    pub(super) async fn end(&mut self, record: &Record, version: Version) -> Result<bool, StoreError> {
        if version.is_some() {
            if !self.write(tombstone(record).encode(), Condition::Unchanged(version)).await? {
                return Ok(false);
            }
            let _ = self.delete().await;
            return Ok(true);
        }
        self.delete().await?;
        Ok(true)
    }

    async fn change(
        &mut self,
        verb: &str,
        changing: impl Future<Output = opendal::Result<()>> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let outcome = match self.guard.take() {
            None => timeout_at(self.until, changing).await,
            // In a task of its own: if the caller leaves at the deadline, or is cancelled, the lock is held until the
            // service has answered.
            Some(guard) => {
                let task = tokio::spawn(async move {
                    let outcome = changing.await;
                    drop(guard);
                    outcome
                });
                match timeout_at(self.until, task).await {
                    Ok(Ok(outcome)) => Ok(outcome),
                    Ok(Err(panicked)) => return Err(StoreError::unknown(panicked)),
                    Err(late) => Err(late),
                }
            },
        };
        match outcome {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) => match error.kind() {
                ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists | ErrorKind::Conflict => {
                    self.maybe_applied = true;
                    Ok(false)
                },
                // These come before a request is sent.
                ErrorKind::ConfigInvalid | ErrorKind::Unsupported => {
                    Err(self.in_doubt(self.objects.read_error(verb, &error)))
                },
                ErrorKind::PermissionDenied if self.is_probe => Err(self.objects.read_error(verb, &error)),
                // The error does not tell whether the connection broke before or after the service wrote. Nor does a
                // refusal: a retry layer of the operator may have sent the request before.
                _ => Err(StoreError::unknown(format!("{} {verb}: {error}", self.objects.service()))),
            },
            Err(_) => Err(StoreError::unknown(self.objects.late(verb))),
        }
    }

    /// After a write that may have been applied, an error of a later request leaves open whether it was.
    fn in_doubt(&self, error: StoreError) -> StoreError {
        if self.maybe_applied && !self.is_probe { error.after_write() } else { error }
    }
}

/// What replaces an ended session until its object is deleted.
fn tombstone(record: &Record) -> Record {
    Record { idle: TOMBSTONE_DEADLINE, previous: None, user: None, payload: Payload::default(), ..*record }
}

pub(super) fn is_tombstone(record: &Record) -> bool {
    record.idle_deadline() == TOMBSTONE_DEADLINE
}
