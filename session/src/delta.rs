//! [`Delta`]: what one request changed, and what becomes of a record that it is applied to. Pure functions.
//!
//! A change holds what its request loaded and what it made of it, so it can be applied to whatever is stored by then: see
//! [`merge`](crate::merge). Nothing is ever overwritten with a snapshot.

use std::time::Duration;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::payload::{Edit, Payload};
use crate::record::{Identity, Record};
use crate::schema::{Erased, MergeRule, Survive};
use crate::token::VerifierHash;

/// One field, from `base` to `mine`. `None` is absent: the field's default.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) section: &'static str,
    pub(crate) version: u32,
    pub(crate) field: &'static Erased,
    pub(crate) base: Option<Bytes>,
    pub(crate) mine: Option<Bytes>,
}

/// Everything one request changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    /// First of all, most of what was there is dropped.
    pub(crate) reset: Option<Reset>,
    pub(crate) changes: Vec<Change>,
    /// Who is logged in now, if that changed.
    pub(crate) user: Option<Identity>,
    /// The session gets a new verifier whatever else changed.
    pub(crate) rotate: bool,
}

/// Why a session is emptied, and so which fields stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    Login,
    Logout,
}

/// The fields of every session type that shares a record.
#[derive(Debug, Default)]
pub(crate) struct Sections(pub(crate) Vec<(&'static str, Vec<&'static Erased>)>);

impl Sections {
    /// Whether `reset` leaves a field. What no type here knows goes: a logout must not leave what it cannot name.
    pub(crate) fn survives(&self, reset: Reset, section: &[u8], key: &[u8]) -> bool {
        let fields = self.0.iter().find(|(name, _)| name.as_bytes() == section).map_or(&[][..], |(_, fields)| fields);
        fields.iter().any(|field| field.info.key.as_bytes() == key && survives(reset, field))
    }
}

pub(crate) fn survives(reset: Reset, field: &Erased) -> bool {
    match field.info.survive {
        Survive::Both => true,
        Survive::Login => reset == Reset::Login,
        Survive::Neither => false,
    }
}

impl Change {
    /// What shall be stored, given what is stored.
    pub(crate) fn resolve(&self, theirs: Option<&[u8]>) -> Result<Option<Bytes>, Error> {
        let untouched = theirs == self.base.as_deref();
        match self.field.info.merge {
            MergeRule::Merge if !untouched || self.field.normalizes => {
                let merged = (self.field.merge)([self.base.as_deref(), self.mine.as_deref(), theirs])?;
                Ok(Some(merged.into()))
            },
            MergeRule::Reject if !untouched => {
                let message =
                    format!("session `{}`: another request changed field `{}`", self.section, self.field.info.name);
                Err(Error::new(ErrorKind::Conflict, message))
            },
            MergeRule::Merge | MergeRule::Reject | MergeRule::LastWriter => Ok(self.mine.clone()),
        }
    }

    fn concerns(&self, other: &Self) -> bool {
        self.section == other.section && self.field.info.key == other.field.info.key
    }
}

impl Delta {
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.is_privilege_change()
    }

    /// Whether the session's id must change with it.
    pub(crate) fn is_privilege_change(&self) -> bool {
        self.rotate
            || self.reset.is_some()
            || self.user.is_some()
            || self.changes.iter().any(|change| change.field.info.privilege)
    }

    /// Adds a later change of the same request. `stored` is the record's payload, and `seen` what the change was made from.
    pub(crate) fn push(
        &mut self,
        change: Change,
        seen: &Payload,
        stored: &Payload,
        sections: &Sections,
    ) -> Result<(), Error> {
        if let Some(earlier) = self.changes.iter_mut().find(|earlier| earlier.concerns(&change)) {
            earlier.mine = change.resolve(earlier.mine.as_deref())?;
            return Ok(());
        }
        if seen.is(stored) {
            self.changes.push(change);
            return Ok(());
        }
        let (section, key) = (change.section, change.field.info.key);
        let kept = self.reset.is_none_or(|reset| sections.survives(reset, section.as_bytes(), key.as_bytes()));
        let base = stored.section(section).and_then(|section| section.get(key)).filter(|_| kept);
        let mine = change.resolve(base)?;
        let base = base.map(|base| stored.share(base));
        self.changes.push(Change { base, mine, ..change });
        Ok(())
    }

    /// A login or logout: forgets the changes of what does not survive it.
    pub(crate) fn reset(&mut self, reset: Reset) {
        // Of a logout and a login in one request, the stricter one counts.
        let reset = if self.reset == Some(Reset::Logout) { Reset::Logout } else { reset };
        self.reset = Some(reset);
        self.user = Some(Identity(None));
        self.changes.retain(|change| survives(reset, change.field));
    }

    /// Adds what the same request has changed later.
    pub(crate) fn append(&mut self, later: Self) {
        if let Some(reset) = later.reset {
            self.reset(reset);
        }
        self.rotate |= later.rotate;
        self.user = later.user.or(self.user.take());
        for change in later.changes {
            match self.changes.iter_mut().find(|earlier| earlier.concerns(&change)) {
                Some(earlier) => earlier.mine = change.mine,
                None => self.changes.push(change),
            }
        }
    }

    /// What of it is carried out although the handler failed.
    pub(crate) fn keep_privilege_changes(&mut self) {
        self.changes.retain(|change| change.field.info.privilege);
    }

    /// `payload` with all of it applied.
    pub(crate) fn apply_to_payload(&self, payload: &Payload, sections: &Sections) -> Result<Payload, Error> {
        let emptied = self.reset.map(|reset| payload.retain(|section, key| sections.survives(reset, section, key)));
        let payload = emptied.as_ref().unwrap_or(payload);
        if let [change] = &*self.changes
            && let Some(section) = payload.section(change.section).filter(|section| section.version >= change.version)
            && let Some(stored) = section.get(change.field.info.key)
            && let Some(value) = change.resolve(Some(stored))?
            && let Some(replaced) = payload.replaced(stored, &value)
        {
            return Ok(replaced);
        }
        let values = self.changes.iter().map(|change| {
            let stored = payload.section(change.section);
            change.resolve(stored.and_then(|section| section.get(change.field.info.key)))
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        Ok(payload.edited(self.changes.iter().zip(&values).map(|(change, value)| Edit {
            section: change.section,
            version: change.version,
            key: change.field.info.key,
            value: value.as_deref(),
        })))
    }

    /// Makes `record` the one after it, but for revision and writers, or leaves it as it is. `verifier` is the new one of a
    /// change of privilege.
    pub(crate) fn apply(
        &self,
        record: &mut Record,
        verifier: Option<VerifierHash>,
        rules: &Rules<'_>,
    ) -> Result<(), Error> {
        record.payload = self.apply_to_payload(&record.payload, rules.sections)?;
        if let Some(Identity(user)) = &self.user {
            record.user.clone_from(user);
        }
        if self.user.is_some() || self.reset.is_some() {
            // Another person, or the same one once more: the session has all its time before it.
            record.created = rules.now;
            record.absolute = rules.now.after(rules.absolute);
        }
        if let Some(verifier) = verifier {
            record.epoch = record.epoch.saturating_add(1);
            record.verifier = verifier;
            record.previous = None;
            record.rotated = rules.now;
        }
        record.idle = record.idle.max(rules.now.after(rules.idle)).min(record.absolute);
        Ok(())
    }
}

/// What a [`Delta`] needs to know beside the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) now: Timestamp,
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) sections: &'a Sections,
}
