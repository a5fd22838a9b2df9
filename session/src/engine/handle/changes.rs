//! How the changes of a handle get to its request, and how a handle reads its session anew.

use std::sync::Arc;

use bytes::Bytes;

use crate::base::error::{Error, ErrorKind};
use crate::base::report::report;
use crate::data::codec::Codec;
use crate::data::record::Identity;
use crate::data::schema::SchemaData;
use crate::data::schema::field::FieldVtable;
use crate::data::schema::reader::SectionReader;
use crate::data::schema::sections::{Reset, codec_or, none, survives};
use crate::engine::delta::Change;
use crate::engine::handle::tracked::Tracked;
use crate::engine::request::{HandleChanges, TOO_LATE};
use crate::engine::run_to_completion::RunToCompletion;

impl<S: SchemaData> Tracked<S> {
    /// Resets every field that does not survive, here and in the record.
    pub(super) fn reset_all(&mut self, reset: Reset) {
        let _ = self.flush_changes();
        self.request.reset(reset);
        self.refresh();
    }

    /// Applies the `user` field that a login has set: it is not an assignment, which counts as a login of its own.
    pub(super) fn flush_login(&mut self) {
        if let Some(applied) = self.take_changes(true) {
            let _ = self.deliver(applied);
        }
        self.refresh();
    }

    /// Commits the changes. The fields keep their values: [`reread`](Self::reread) shows what is stored.
    pub(super) async fn commit_changes(&mut self) -> Result<(), Error> {
        // The changes belong to the request now, also if the commit fails, so they must not be applied again. The
        // base becomes what this handle's values were made from: the changes of other handles are not in them.
        if let Some(applied) = self.take_changes(false) {
            let resets = applied.reset.is_some();
            let base = self.base.payload.edited(applied.changes.iter().map(Change::as_edit));
            self.deliver(applied)?;
            match base.filter(|_| !resets) {
                Some(base) => self.base.payload = base,
                None => self.refresh(),
            }
        }
        RunToCompletion::new(Box::pin(Arc::clone(&self.request).flush(false))).await
    }

    /// Moves the changes of this handle to the request. If the response has left already, this fails and logs an error:
    /// a handle that is dropped has no caller who could read the result. The base stays, so a handle that is used after
    /// it must [`refresh`](Self::refresh).
    pub(super) fn flush_changes(&mut self) -> Result<(), Error> {
        match self.take_changes(false) {
            Some(applied) => self.deliver(applied),
            None => Ok(()),
        }
    }

    fn deliver(&self, applied: HandleChanges) -> Result<(), Error> {
        if self.request.merge(applied, &self.base) {
            return Ok(());
        }
        let error = too_late::<S>("a change");
        report("a change was not stored", &error);
        Err(error)
    }

    /// What this handle has changed and not applied, if anything. An error fails the request.
    fn take_changes(&mut self, is_login: bool) -> Option<HandleChanges> {
        if self.marked == 0 {
            return None;
        }
        let applied = self.changes().and_then(|changes| self.with_user(changes, is_login));
        self.unmark();
        match applied {
            Ok(applied) => Some(applied).filter(|applied| !applied.changes.is_empty()),
            Err(error) => {
                self.request.fail(error);
                None
            },
        }
    }

    /// `changes` with what they do to the user. A change of the `user` field is a login or a logout, even if it is an
    /// assignment.
    fn with_user(&self, mut changes: Vec<Change>, is_login: bool) -> Result<HandleChanges, Error> {
        let user = S::USER.and_then(|index| S::FIELDS.get(index)).map(|user| user.field.info.key);
        let is_user = |change: &Change| user == Some(change.field.info.key);
        if !changes.iter().any(is_user) {
            return Ok(HandleChanges { changes, user: None, reset: None });
        }
        let now = identity(&self.value)?;
        let (before, _) = SectionReader::load::<S>(self.base.payload.section(S::SECTION.name))?;
        let before = identity(&before)?;
        if is_login || before == now {
            return Ok(HandleChanges { changes, user: Some(now), reset: None });
        }
        let reset = if before.0.is_none() { Reset::Login } else { Reset::Logout };
        // The changes of a handle have no order: those that do not survive may belong to the user before.
        changes.retain(|change| is_user(change) || survives(reset, change.field));
        if let Some(change) = changes.iter_mut().find(|change| is_user(change)) {
            change.base = None;
        }
        if let Some(left_out) = self.request.engine.warnings.user_assigned.admit() {
            tracing::warn!(
                session = S::SECTION.name,
                left_out,
                "the `user` field was assigned. This counts as a {}: fields without `survive` are reset, and so are \
                 the changes of this handle to them. Call `login` or `logout` instead",
                if now.0.is_some() { "login" } else { "logout" }
            );
        }
        Ok(HandleChanges { changes, user: Some(now), reset: Some(reset) })
    }

    /// Discards unsaved changes and reads the session anew.
    pub(super) fn refresh(&mut self) {
        self.unmark();
        if let Err(error) = self.reread() {
            self.request.fail(error);
        }
    }

    /// Reads the stored fields anew: what is stored, with the applied changes of its handles. No change may be unsaved.
    pub(super) fn reread(&mut self) -> Result<(), Error> {
        let base = self.request.snapshot()?;
        let (mut value, problems) = SectionReader::load::<S>(base.payload.section(S::SECTION.name))?;
        for field in S::FIELDS {
            (field.swap)(&mut self.value, &mut value);
        }
        (self.base, self.problems) = (base, problems);
        Ok(())
    }

    /// Gives the fields that `is_taken_back` holds for their values from before the unsaved changes.
    pub(super) fn take_back(&mut self, is_taken_back: impl Fn(&str) -> bool) -> Result<(), Error> {
        let (mut value, _) = SectionReader::load::<S>(self.base.payload.section(S::SECTION.name))?;
        for field in S::FIELDS.iter().filter(|field| is_taken_back(field.field.info.name)) {
            (field.swap)(&mut self.value, &mut value);
        }
        Ok(())
    }

    /// Every marked field whose content differs from what was loaded.
    fn changes(&self) -> Result<Vec<Change>, Error> {
        // Most requests change one field.
        let mut changes = Vec::with_capacity(1);
        let section = self.base.payload.section(S::SECTION.name);
        let codec = codec_or::<S>(section.as_ref())?;
        for (index, field) in S::FIELDS.iter().enumerate() {
            let bit = 1 << (index & 127);
            if self.marked & bit == 0 {
                continue;
            }
            let before = self.before.get(index).copied().flatten();
            let after = (field.fingerprint)(&self.value);
            let was_reset = self.reset & bit != 0;
            if !was_reset && before.is_some() && before == after {
                continue;
            }
            let info = &field.field.info;
            let stored = section.as_ref().and_then(|section| section.get(info.key));
            // A handler has seen the default in place of an unreadable value, and has changed that.
            let base = stored.filter(|_| !self.problems.iter().any(|problem| problem.field() == info.name));
            let mut encoded = Vec::with_capacity(base.map_or(0, |base| base.len() + 8));
            (field.encode)(&self.value, codec, &mut encoded)?;
            if base == Some(&*encoded) {
                continue;
            }
            // With older keys, a missing key means the value of an older release, not the default.
            let by_absence = info.sources.is_empty() && (was_reset || after == none());
            let ours = match by_absence && is_default(field.field, codec, &encoded) {
                true => None,
                false => Some(Bytes::from(encoded)),
            };
            if ours.is_none() && stored.is_none() {
                continue;
            }
            changes.push(Change {
                section: S::SECTION.name,
                version: S::SECTION.version,
                field: field.field,
                codec,
                base: base.map(|base| self.base.payload.share(base)),
                ours,
            });
        }
        Ok(changes)
    }
}

/// The user of `value`.
pub(super) fn identity<S: SchemaData>(value: &S) -> Result<Identity, Error> {
    let mut user = Vec::new();
    if let Some(field) = S::USER.and_then(|index| S::FIELDS.get(index)) {
        // JSON, whatever the section's codec is: the user index compares these bytes between sessions.
        (field.encode)(value, Codec::Json, &mut user)?;
    }
    if user.len() > usize::from(u16::MAX) {
        let message = format!(
            "session `{}`: the user takes {} bytes, and a record has room for 65,535",
            S::SECTION.name,
            user.len()
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let is_none = user.is_empty() || user == b"null";
    Ok(Identity((!is_none).then(|| Bytes::from(user))))
}

#[cold]
pub(crate) fn too_late<S: SchemaData>(what: &str) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("session `{}`: {what} {TOO_LATE}", S::SECTION.name))
}

fn is_default(field: &FieldVtable, codec: Codec, encoded: &[u8]) -> bool {
    let mut default = Vec::new();
    (field.default)(codec, &mut default).is_ok() && default == encoded
}
