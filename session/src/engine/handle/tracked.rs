//! [`Tracked`]: a working copy of a session's fields that knows which of them changed.
//!
//! Accessors mark the field they hand out; a mutable deref marks all of them. A mark remembers the field's fingerprint, and at the
//! end those whose fingerprint is another one are encoded. So touching a field without changing it writes nothing, and there
//! is no flag to forget.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::record::{Identity, Record, UserKey};
use crate::data::schema::field::FieldVtable;
use crate::data::schema::sections::{Reset, codec_or, none, survives};
use crate::data::schema::stored::{FieldError, SectionReader};
use crate::data::schema::{Handle, Identified, Key, Schema};
use crate::data::token::SessionId;
use crate::data::validation::Violations;
use crate::engine::delta::Change;
use crate::engine::handle::detached::Detached;
use crate::engine::request::{RequestSession, Snapshot, TOO_LATE};
use crate::engine::run_to_completion::RunToCompletion;

/// What is behind every `Session<S>`.
pub struct Tracked<S: Schema> {
    value: S,
    /// A bit for each field that may have changed.
    marked: u128,
    /// What marked fields were before, by index.
    before: Vec<Option<u128>>,
    /// A bit for each field that was reset to its default, and so is stored by absence.
    reset: u128,
    /// What `value` was made from.
    base: Snapshot,
    problems: Vec<FieldError>,
    request: Arc<RequestSession>,
}

impl<S: Schema> Tracked<S> {
    pub(crate) fn new(request: Arc<RequestSession>) -> Result<Self, Error> {
        let base = request.snapshot()?;
        let (value, problems) = SectionReader::load::<S>(base.payload.section(S::NAME))?;
        for problem in &problems {
            tracing::warn!(
                session = S::NAME,
                field = problem.field(),
                "a stored field reads as its default: {problem}"
            );
        }
        Ok(Self { value, marked: 0, before: Vec::new(), reset: 0, base, problems, request })
    }

    /// The fields.
    #[inline]
    pub fn get(&self) -> &S {
        &self.value
    }

    /// The fields, to change the one with this index.
    #[inline]
    pub fn field_mut(&mut self, index: usize) -> &mut S {
        self.mark(1 << (index & 127));
        &mut self.value
    }

    /// The fields, to change any of them.
    #[inline]
    pub fn all_mut(&mut self) -> &mut S {
        self.mark(u128::MAX);
        &mut self.value
    }

    /// Remembers what the fields of `bits` are, unless they are marked already.
    fn mark(&mut self, bits: u128) {
        if self.marked & bits == bits {
            return;
        }
        if self.marked == 0 && bits == u128::MAX {
            self.before = S::FIELDS.iter().map(|column| (column.fingerprint)(&self.value)).collect();
            self.marked = bits;
            return;
        }
        self.before.resize(S::FIELDS.len(), None);
        for (index, (column, before)) in S::FIELDS.iter().zip(&mut self.before).enumerate() {
            let bit = 1 << (index & 127);
            if bits & bit != 0 && self.marked & bit == 0 {
                *before = (column.fingerprint)(&self.value);
            }
        }
        self.marked |= bits;
    }

    /// The fields, to change one that is not stored.
    #[inline]
    pub fn unstored_mut(&mut self) -> &mut S {
        &mut self.value
    }

    /// The field of `key`.
    pub fn get_key<V>(&self, key: Key<S, V>) -> &V {
        (key.get)(&self.value)
    }

    /// The field of `key`, to change it.
    pub fn key_mut<V>(&mut self, key: Key<S, V>) -> &mut V {
        (key.get_mut)(self.field_mut(key.index))
    }

    /// Makes the field of `key` its default.
    pub fn reset_key<V>(&mut self, key: Key<S, V>) {
        if let Some(column) = S::FIELDS.get(key.index) {
            (column.reset)(self.field_mut(key.index));
            self.reset |= 1 << (key.index & 127);
        }
    }

    /// Where the session is filed, if it is stored yet.
    pub fn id(&self) -> Option<SessionId> {
        self.request.loaded().map(|loaded| loaded.id)
    }

    pub(crate) fn record(&self) -> Option<Arc<Record>> {
        self.request.loaded().map(|loaded| loaded.record)
    }

    /// Whether the session is not stored yet.
    pub fn is_new(&self) -> bool {
        self.request.loaded().is_none()
    }

    /// Fields that could not be decoded.
    pub fn problems(&self) -> &[FieldError] {
        &self.problems
    }

    /// Gives the session a new id at the next commit.
    pub fn rotate(&mut self) {
        self.request.rotate();
    }

    /// Removes the session at the end of the request.
    pub fn destroy(mut self) {
        self.marked = 0;
        self.request.destroy();
    }

    /// Makes `user` the one who is logged in.
    pub fn login(&mut self, user: S::User)
    where
        S: Identified,
    {
        self.empty(Reset::Login);
        *S::user_mut(self.user_mut()) = Some(user);
    }

    /// Makes nobody the one who is logged in.
    pub fn logout(&mut self)
    where
        S: Identified,
    {
        self.empty(Reset::Logout);
        *S::user_mut(self.user_mut()) = None;
    }

    fn user_mut(&mut self) -> &mut S {
        match S::USER {
            Some(index) => self.field_mut(index),
            None => self.all_mut(),
        }
    }

    /// Resets every field that does not survive, here and in the record.
    fn empty(&mut self, reset: Reset) {
        let _ = self.flush_changes();
        self.request.reset(reset);
        for column in S::FIELDS {
            if !survives(reset, column.field) {
                (column.reset)(&mut self.value);
            }
        }
        match self.request.snapshot() {
            Ok(view) => self.base = view,
            Err(error) => self.request.fail(error),
        }
    }

    /// Commits what this session has changed so far.
    ///
    /// # Errors
    ///
    /// Any; see [`ErrorKind`].
    pub async fn commit(&mut self) -> Result<(), Error> {
        self.save().await?;
        self.reload()
    }

    /// The same, for a caller that looks at what is stored anyway.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        self.flush_changes()?;
        // If the commit fails, what was handed in is the request's, and counts no second time.
        self.base = self.request.snapshot()?;
        RunToCompletion::new(Box::pin(Arc::clone(&self.request).flush())).await
    }

    /// A handle on the session that outlives the request.
    pub fn detach(&self) -> Detached<S> {
        Detached::new(Arc::clone(&self.request.engine), self.request.loaded())
    }

    /// What all handles on this request's session share.
    pub(crate) fn request(&self) -> &Arc<RequestSession> {
        &self.request
    }

    /// Gives what has changed to the request. Fails if the response has left, and logs that, for those who ask nothing.
    pub(crate) fn flush_changes(&mut self) -> Result<(), Error> {
        if self.marked == 0 {
            return Ok(());
        }
        let handed = self.changes().and_then(|changes| Ok((self.identity(&changes)?, changes)));
        (self.marked, self.reset) = (0, 0);
        let (user, changes) = match handed {
            Ok(handed) => handed,
            Err(error) => {
                self.request.fail(error);
                return Ok(());
            },
        };
        let fields = changes.len();
        if changes.is_empty() || self.request.merge(changes, user, &self.base) {
            return Ok(());
        }
        tracing::error!(session = S::NAME, fields, "a change {TOO_LATE}");
        Err(too_late::<S>("a change"))
    }

    /// Who is logged in, if that is among the `changes`: the user index's key.
    fn identity(&self, changes: &[Change]) -> Result<Option<Identity>, Error> {
        let Some(column) = S::USER.and_then(|index| S::FIELDS.get(index)) else { return Ok(None) };
        if !changes.iter().any(|change| std::ptr::eq(change.field, column.field)) {
            return Ok(None);
        }
        let mut now = Vec::new();
        // Whatever the section's codec is: the user index compares these bytes between sessions.
        (column.encode)(&self.value, Codec::Json, &mut now)?;
        if now.len() > usize::from(u16::MAX) {
            let message =
                format!("session `{}`: the user takes {} bytes, and a record has room for 65,535", S::NAME, now.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Some(Identity((now != b"null").then(|| UserKey(Bytes::from(now))))))
    }

    /// Forgets what has changed here, and sees what is stored.
    pub(crate) fn refresh(&mut self) {
        self.marked = 0;
        if let Err(error) = self.reload() {
            self.request.fail(error);
        }
    }

    /// Sees what is stored, and what other handles have changed. Nothing may be left to hand in.
    pub(crate) fn reload(&mut self) -> Result<(), Error> {
        let fresh = Self::new(Arc::clone(&self.request))?;
        *self = fresh;
        Ok(())
    }

    /// Every marked field that is not what was loaded.
    fn changes(&self) -> Result<Vec<Change>, Error> {
        // Most requests change one field.
        let mut changes = Vec::with_capacity(1);
        let section = self.base.payload.section(S::NAME);
        let codec = codec_or::<S>(section.as_ref())?;
        for (index, column) in S::FIELDS.iter().enumerate() {
            let bit = 1 << (index & 127);
            if self.marked & bit == 0 {
                continue;
            }
            let before = self.before.get(index).copied().flatten();
            let after = (column.fingerprint)(&self.value);
            let was_reset = self.reset & bit != 0;
            if !was_reset && before.is_some() && before == after {
                continue;
            }
            let stored = section.as_ref().and_then(|section| section.get(column.field.info.key));
            // What was no good was seen as the default, and what is added was added to that.
            let base =
                stored.filter(|_| !self.problems.iter().any(|problem| problem.field() == column.field.info.name));
            let mut encoded = Vec::with_capacity(base.map_or(0, |base| base.len() + 8));
            (column.encode)(&self.value, codec, &mut encoded)?;
            if base == Some(&*encoded) {
                continue;
            }
            // Absence would bring back what older releases have stored under another key.
            let by_absence = column.field.info.sources.is_empty() && (was_reset || after == none());
            let ours = match by_absence && is_default(column.field, codec, &encoded) {
                true => None,
                false => Some(Bytes::from(encoded)),
            };
            if ours.is_none() && stored.is_none() {
                continue;
            }
            changes.push(Change {
                section: S::NAME,
                version: S::VERSION,
                field: column.field,
                codec,
                base: base.map(|base| self.base.payload.share(base)),
                ours,
            });
        }
        Ok(changes)
    }

    /// Which rules of validation the session breaks as it is now.
    ///
    /// # Errors
    ///
    /// All of them.
    pub fn validate(&self) -> Result<(), Violations> {
        self.value.validate()
    }
}

#[cold]
pub(crate) fn too_late<S: Schema>(what: &str) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("session `{}`: {what} {TOO_LATE}", S::NAME))
}

fn is_default(field: &FieldVtable, codec: Codec, encoded: &[u8]) -> bool {
    let mut default = Vec::new();
    (field.default)(codec, &mut default).is_ok() && default == encoded
}

impl<S: Schema> Drop for Tracked<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.request.note_panic();
        } else {
            let _ = self.flush_changes();
        }
    }
}

impl<S: Schema> fmt::Debug for Tracked<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").field("section", &S::NAME).finish_non_exhaustive()
    }
}

impl Record {
    /// The stored record behind a session, as its request last saw it: deadlines, revision, epoch. `None` until it is first
    /// saved.
    pub fn of<S: Schema>(session: &S::Handle) -> Option<Arc<Self>> {
        session.tracked().record()
    }
}
