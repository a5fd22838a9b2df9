//! [`Objects`]: reads, conditional writes and deletions of single objects, each within a deadline.

use std::time::Duration;

use bytes::Bytes;
use opendal::options::WriteOptions;
use opendal::{ErrorKind, Metadata, Operator};
use tokio::time::{Instant, timeout_at};

use super::options::OpendalOptions;
use super::turns::{Turn, Turns};
use crate::base::clock::Timestamp;
use crate::data::payload::Payload;
use crate::data::token::SessionId;
use crate::port::{Record, StoreError};

/// Before every session.
const ENDED: Timestamp = Timestamp::from_millis(0);

/// The objects of one store.
pub(super) struct Objects {
    pub(super) operator: Operator,
    pub(super) options: OpendalOptions,
    /// Taken in place of conditions, where the service checks none.
    pub(super) turns: Option<Turns>,
}

/// One call of the store: its object, and the time it has left.
pub(super) struct Call<'a> {
    objects: &'a Objects,
    path: String,
    until: Instant,
    turn: Option<Turn>,
    /// Whether something was sent that may have been applied although its answer says otherwise: a layer that retries sends a
    /// request again whose answer was lost, and the second one then fails on the first one's effect.
    sent: bool,
}

/// An object as it was read.
pub(super) struct Object {
    pub(super) bytes: Bytes,
    /// Holds what names these very bytes: an entity tag or a version. None where the service checks no conditions.
    pub(super) seen: Seen,
}

pub(super) type Seen = Option<Metadata>;

/// When a write may happen.
pub(super) enum When {
    Absent,
    /// As it was seen. In a service without conditions, the turn keeps others away.
    Unchanged(Seen),
}

impl Objects {
    pub(super) fn service(&self) -> &'static str {
        self.operator.info().scheme()
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.turns.is_none()
    }

    /// Begins a call on a session's object, when it is its turn.
    pub(super) async fn call(&self, id: SessionId) -> Result<Call<'_>, StoreError> {
        let mut call = self.call_on(&id.to_string());
        if let Some(turns) = &self.turns {
            let turn = timeout_at(call.until, turns.wait(id)).await;
            call.turn = Some(turn.map_err(|_| StoreError::unavailable("others in this process hold the session"))?);
        }
        Ok(call)
    }

    /// Begins a call on an object that nobody else knows.
    pub(super) fn call_on(&self, name: &str) -> Call<'_> {
        let OpendalOptions { prefix, deadline, .. } = &self.options;
        Call {
            objects: self,
            path: format!("{prefix}{name}"),
            until: Instant::now() + *deadline,
            turn: None,
            sent: false,
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.options.deadline
    }

    /// What an error of a request means that has changed nothing.
    pub(super) fn refused(&self, verb: &str, error: &opendal::Error) -> StoreError {
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
            let names_it = |seen: &&Metadata| conditional && (seen.etag().is_some() || seen.version().is_some());
            Ok::<_, opendal::Error>(Object { bytes, seen: reader.metadata().filter(names_it).cloned() })
        };
        match timeout_at(self.until, reading).await {
            Ok(Ok(Object { seen: None, .. })) if conditional => {
                let service = self.objects.service();
                Err(StoreError::Misconfigured(format!(
                    "{service} gives no entity tag or version along with what is read"
                )))
            },
            Ok(Ok(object)) => Ok(Some(object)),
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Ok(Err(error)) => Err(self.doubted(self.objects.refused("read", &error))),
            Err(_) => Err(self.doubted(StoreError::unavailable(self.late("read")))),
        }
    }

    /// The live record that the object is.
    pub(super) async fn live(&self, now: Timestamp) -> Result<Option<(Record, Seen)>, StoreError> {
        let Some(Object { bytes, seen }) = self.read().await? else {
            return Ok(None);
        };
        let record = Record::decode(bytes)?;
        Ok((!record.is_expired(now)).then_some((record, seen)))
    }

    pub(super) async fn exists(&self) -> Result<bool, StoreError> {
        match timeout_at(self.until, self.objects.operator.exists(&self.path)).await {
            Ok(Ok(exists)) => Ok(exists),
            Ok(Err(error)) => Err(self.objects.refused("stat", &error)),
            Err(_) => Err(StoreError::unavailable(self.late("stat"))),
        }
    }

    /// Writes all of the object. `false` if the condition does not hold.
    pub(super) async fn write(&mut self, bytes: Vec<u8>, when: When) -> Result<bool, StoreError> {
        let options = match when {
            When::Absent if !self.objects.is_conditional() && self.exists().await? => return Ok(false),
            When::Absent => WriteOptions { if_not_exists: self.objects.is_conditional(), ..WriteOptions::default() },
            When::Unchanged(seen) => WriteOptions { if_not_changed: seen, ..WriteOptions::default() },
        };
        let (operator, path) = (self.objects.operator.clone(), self.path.clone());
        self.change("write", async move { operator.write_options(&path, bytes, options).await.map(|_| ()) }).await
    }

    /// Removes the object, whatever it is by now.
    pub(super) async fn delete(&mut self) -> Result<(), StoreError> {
        let (operator, path) = (self.objects.operator.clone(), self.path.clone());
        self.change("delete", async move { operator.delete(&path).await }).await.map(|_| ())
    }

    /// Ends the session that was seen, for good. `false` if it is another one by now.
    ///
    /// Few services delete on conditions, so it is overwritten first, on condition that it is unchanged, with a record of nothing that
    /// has expired: of several that end a session one gets through, and what is left if the deletion fails is the sweep's.
    pub(super) async fn end(&mut self, record: &Record, seen: Seen) -> Result<bool, StoreError> {
        if seen.is_some() {
            if !self.write(ended(record).encode(), When::Unchanged(seen)).await? {
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
        let outcome = match self.turn.take() {
            None => timeout_at(self.until, changing).await,
            // Whoever leaves early, by the deadline or at all, must not let others in before the service has answered.
            Some(turn) => {
                let task = tokio::spawn(async move {
                    let outcome = changing.await;
                    drop(turn);
                    outcome
                });
                match timeout_at(self.until, task).await {
                    Ok(Ok(outcome)) => Ok(outcome),
                    Ok(Err(cut_off)) => return Err(StoreError::unknown(cut_off)),
                    Err(late) => Err(late),
                }
            },
        };
        match outcome {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) => match error.kind() {
                ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists | ErrorKind::Conflict => {
                    self.sent = true;
                    Ok(false)
                },
                ErrorKind::PermissionDenied | ErrorKind::ConfigInvalid | ErrorKind::Unsupported => {
                    Err(self.doubted(self.objects.refused(verb, &error)))
                },
                // A line that broke and a server that failed say the same; and one that has had enough may have done what a layer of
                // the operator asked it before.
                _ => Err(StoreError::unknown(format!("{} {verb}: {error}", self.objects.service()))),
            },
            Err(_) => Err(StoreError::unknown(self.late(verb))),
        }
    }

    /// An error after something was sent leaves open whether that was applied.
    fn doubted(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Unavailable(cause) if self.sent => StoreError::Unknown(cause),
            _ => error,
        }
    }

    fn late(&self, verb: &str) -> String {
        format!("{} {verb}: no answer within {:?}", self.objects.service(), self.objects.deadline())
    }
}

/// What stands in a session's place from its end until it is deleted.
fn ended(record: &Record) -> Record {
    Record { idle: ENDED, previous: None, user: None, payload: Payload::default(), ..*record }
}

pub(super) fn is_ended(record: &Record) -> bool {
    record.idle_deadline() == ENDED
}
