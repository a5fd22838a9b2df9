//! [`Delta`]: the changes of one request, and how they apply to a record. Pure functions.
//!
//! A change holds the value that its request loaded and the value that the request made of it, so it applies to any
//! record that is stored by then: see [`merge`](crate::data::merge). A record is never overwritten with a snapshot.

use std::time::Duration;

use bytes::Bytes;

use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::payload::{Edit, Payload, Section};
use crate::data::record::{CLOSED, Identity, Record};
use crate::data::schema::field::FieldVtable;
use crate::data::schema::info::MergeRule;
use crate::data::schema::reader::{MIN_READER, codec_of};
use crate::data::schema::sections::{Reset, SchemaRegistry, survives};
use crate::data::token::VerifierHash;

/// The change of one field from `base` to `ours`. `None` stands for the default: no value, or no decodable and valid
/// one, was stored.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) section: &'static str,
    pub(crate) version: u32,
    pub(crate) field: &'static FieldVtable,
    pub(crate) codec: Codec,
    pub(crate) base: Option<Bytes>,
    pub(crate) ours: Option<Bytes>,
}

/// All changes of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    /// A login or logout. It comes first: fields that do not survive it are dropped.
    pub(crate) reset: Option<Reset>,
    pub(crate) changes: Vec<Change>,
    /// The user after the change, if it changed.
    pub(crate) user: Option<Identity>,
    /// Whether the session gets a new verifier even if no other change asks for it.
    pub(crate) rotate: bool,
    /// Whether the session is stored even if nothing else has changed, to file it under its user anew.
    pub(crate) refile: bool,
}

impl Change {
    /// The value to store, given the stored value `theirs`.
    pub(crate) fn resolve(&self, theirs: Option<&[u8]>) -> Result<Option<Bytes>, Error> {
        let base = self.base.as_deref();
        let untouched = theirs == base;
        match self.field.info.merge {
            MergeRule::Merge if !untouched || self.field.normalizes => {
                let merged = (self.field.merge)(self.codec, [base, self.ours.as_deref(), theirs])?;
                Ok(Some(merged.into()))
            },
            // Two requests that upgrade one hash map may write its entries in different orders.
            MergeRule::Reject if !untouched && !(self.field.same)(self.codec, [base, theirs]) => {
                let message =
                    format!("session `{}`: another request changed field `{}`", self.section, self.field.info.name);
                Err(Error::new(ErrorKind::Conflict, message))
            },
            MergeRule::Merge | MergeRule::Reject | MergeRule::LastWriter => Ok(self.ours.clone()),
        }
    }

    /// The stored value of the field in `section`, if it is decodable and valid.
    fn stored_in<'a>(&self, section: &Section<'a>, sections: &SchemaRegistry) -> Option<&'a [u8]> {
        self.seen_of(section.get(self.field.info.key), section, sections)
    }

    /// As [`stored_in`](Self::stored_in), for a value that was looked up already.
    fn seen_of<'a>(
        &self,
        stored: Option<&'a [u8]>,
        section: &Section<'a>,
        sections: &SchemaRegistry,
    ) -> Option<&'a [u8]> {
        let is_of_interest = self.field.info.merge != MergeRule::LastWriter && stored != self.base.as_deref();
        if is_of_interest { sections.valid_value(section, self.field) } else { stored }
    }

    /// Whether `section` has this change's version and codec, so that only the value has to be replaced.
    fn fits(&self, section: &Section<'_>) -> bool {
        section.version == self.version && section.codec == self.codec.tag()
    }

    /// The same change in another codec: the stored section may use another one than the loaded section did.
    fn transcoded(&self, to: Codec) -> Result<Self, Error> {
        let transcode = |bytes: &Option<Bytes>| match bytes {
            Some(bytes) => (self.field.transcode)(bytes, self.codec, to).map(|bytes| Some(bytes.into())),
            None => Ok(None),
        };
        // A value that does not decode was loaded as the default, and an absent value stands for the default.
        let base = transcode(&self.base).unwrap_or_default();
        Ok(Self { codec: to, base, ours: transcode(&self.ours)?, ..self.clone() })
    }

    /// The change as an edit of the payload that it was made on.
    pub(crate) fn as_edit(&self) -> Edit<'_> {
        Edit {
            section: self.section,
            version: self.version,
            codec: self.codec.tag(),
            key: self.field.info.key,
            value: self.ours.as_deref(),
        }
    }

    fn same_field(&self, other: &Self) -> bool {
        self.section == other.section && self.field.info.key == other.field.info.key
    }
}

impl Delta {
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.refile && !self.is_privilege_change()
    }

    /// The names of the changed fields, for log events.
    pub(crate) fn field_names(&self) -> Vec<&'static str> {
        self.changes.iter().map(|change| change.field.info.name).collect()
    }

    /// Whether the commit must replace the verifier.
    pub(crate) fn is_privilege_change(&self) -> bool {
        self.rotate
            || self.reset.is_some()
            || self.user.is_some()
            || self.changes.iter().any(|change| change.field.info.privilege)
    }

    /// Whether a user is logged in after the change, who was not or who logs in again.
    pub(crate) fn logs_in(&self) -> bool {
        matches!(self.user, Some(Identity(Some(_))))
    }

    /// Whether the change is a logout that no login follows.
    pub(crate) fn logs_out(&self) -> bool {
        self.reset == Some(Reset::Logout) && !self.logs_in()
    }

    /// Adds a later change of the same request. `stored` is the payload that this delta applies to, and `seen` the
    /// payload that the change was made on.
    pub(crate) fn push(
        &mut self,
        change: Change,
        seen: &Payload,
        stored: &Payload,
        sections: &SchemaRegistry,
    ) -> Result<(), Error> {
        if seen.is(stored) {
            return self.add(change);
        }
        let (section, key) = (change.section, change.field.info.key);
        if self.changes.iter().any(|earlier| earlier.same_field(&change)) {
            return self.add(change);
        }
        let kept = self.reset.is_none_or(|reset| sections.survives(reset, section.as_bytes(), key.as_bytes()));
        let base = stored.section(section).filter(|_| kept);
        let base = base.and_then(|section| change.stored_in(&section, sections));
        let ours = change.resolve(base)?;
        let base = base.map(|base| stored.share(base));
        self.changes.push(Change { base, ours, ..change });
        Ok(())
    }

    /// Adds a later change, whose base is the value that the earlier changes lead to, or one that is merged with it.
    fn add(&mut self, change: Change) -> Result<(), Error> {
        match self.changes.iter_mut().find(|earlier| earlier.same_field(&change)) {
            Some(earlier) => earlier.ours = change.resolve(earlier.ours.as_deref())?,
            None => self.changes.push(change),
        }
        Ok(())
    }

    /// Adds a login or logout: drops the changes of fields that do not survive it.
    pub(crate) fn reset(&mut self, reset: Reset) {
        // What is stored is reset by the strictest of several.
        self.reset = self.reset.max(Some(reset));
        self.user = Some(Identity(None));
        self.changes.retain(|change| survives(reset, change.field));
    }

    /// Drops the changes that do not survive a login or logout that was committed first. A reset of this delta comes
    /// after that one, so then nothing is dropped.
    pub(crate) fn retain_surviving(&mut self, reset: Reset) {
        if self.reset.is_none() {
            self.changes.retain(|change| survives(reset, change.field));
            self.user = None;
        }
    }

    /// Adds the later changes of the same request, which were made on what this delta leads to.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), Error> {
        if let Some(reset) = later.reset {
            self.reset(reset);
        }
        self.rotate |= later.rotate;
        self.refile |= later.refile;
        self.user = later.user.or(self.user.take());
        later.changes.into_iter().try_for_each(|change| self.add(change))
    }

    /// Drops what a failed handler must not store: data and logins. A logout, a rotation, and changes of `rotate`
    /// fields stay, unless a login comes before the latter: then they are those of the user who is not logged in.
    /// `logs_out_before_login` says whether the logout that a login of another user begins with is carried out.
    pub(crate) fn drop_failed(&mut self, logs_out_before_login: bool) {
        if !self.logs_in() {
            self.changes.retain(|change| change.field.info.privilege);
            return;
        }
        self.changes.clear();
        self.reset = self.reset.filter(|reset| logs_out_before_login && *reset == Reset::Logout);
        self.user = self.reset.map(|_| Identity(None));
    }

    /// `payload` with all changes applied.
    pub(crate) fn apply_to_payload(&self, payload: &Payload, sections: &SchemaRegistry) -> Result<Payload, Error> {
        let emptied = self.reset.map(|reset| payload.retain(|section, key| sections.survives(reset, section, key)));
        let payload = emptied.as_ref().unwrap_or(payload);
        if let [change] = &*self.changes
            && let Some(section) = payload.section(change.section).filter(|section| change.fits(section))
            && let Some(stored) = section.get(change.field.info.key)
            && let Some(value) = change.resolve(change.seen_of(Some(stored), &section, sections))?
            && sections.min_reader(change.section, Some(&section)).is_none()
            && let Some(replaced) = payload.replaced(stored, &value)
        {
            return Ok(replaced);
        }
        let only_ends = self.reset == Some(Reset::Logout)
            && matches!(self.user, Some(Identity(None)))
            && self.changes.iter().all(|change| change.field.info.privilege);
        if !only_ends {
            self.may_write(payload, sections)?;
        }
        let resolved = self.changes.iter().map(|change| Resolved::new(change, payload, sections));
        let resolved = resolved.collect::<Result<Vec<_>, _>>()?;
        payload.edited(resolved.iter().flat_map(Resolved::edits)).ok_or_else(|| {
            let message = "the record would have more than 256 fields in a section, counting those of other releases, \
                           or more than 64 sections";
            Error::new(ErrorKind::TooLarge, message)
        })
    }

    /// Fails if newer code forbids this release to change its section. A logout that only ends the session is never
    /// refused.
    fn may_write(&self, payload: &Payload, sections: &SchemaRegistry) -> Result<(), Error> {
        let names = self.changes.iter().map(|change| change.section);
        names.filter_map(|name| payload.section(name)).try_for_each(|section| sections.may_write(&section))
    }

    /// Fails if the step from `before` to `after` breaks a validation rule.
    pub(crate) fn check(&self, before: &Payload, after: &Payload, sections: &SchemaRegistry) -> Result<(), Error> {
        let changed = |section: &str, field: &str| {
            self.changes.iter().any(|change| change.section == section && change.field.info.name == field)
        };
        sections.check(before, after, changed)
    }

    /// Applies all changes to `record`, but for revision and writers. On an error the record is unchanged. `verifier`
    /// is the new one of a change of privilege.
    pub(crate) fn apply(
        &self,
        record: &mut Record,
        verifier: Option<VerifierHash>,
        rules: &Rules<'_>,
    ) -> Result<(), Error> {
        let payload = self.apply_to_payload(&record.payload, rules.sections)?;
        self.check(&record.payload, &payload, rules.sections)?;
        record.user = match &self.user {
            Some(Identity(user)) => rules.sections.user_key(user.as_ref(), rules.app)?,
            None => rules.sections.user_of(&payload, record.user.clone(), rules.app)?,
        };
        record.payload = payload;
        if self.user.is_some() || self.reset.is_some() {
            // A login or logout starts the absolute deadline anew.
            record.created = rules.now;
            record.absolute = rules.now.saturating_add(rules.absolute);
        }
        if let Some(verifier) = verifier {
            record.epoch = record.epoch.saturating_add(1);
            record.previous = Some((record.verifier, CLOSED));
            record.verifier = verifier;
            record.rotated = rules.now;
        }
        record.idle = record.idle.max(rules.now.saturating_add(rules.idle)).min(record.absolute);
        Ok(())
    }
}

/// A change together with the value to store, in the codec of the stored section.
struct Resolved<'a> {
    change: &'a Change,
    codec: Codec,
    value: Option<Bytes>,
    min_reader: Option<String>,
}

impl<'a> Resolved<'a> {
    fn new(change: &'a Change, payload: &Payload, sections: &SchemaRegistry) -> Result<Self, Error> {
        let section = payload.section(change.section);
        let min_reader = sections.min_reader(change.section, section.as_ref()).map(|version| version.to_string());
        let Some(section) = section else {
            return Ok(Self { change, codec: change.codec, value: change.resolve(None)?, min_reader });
        };
        let codec = codec_of(&section, change.section)?;
        let stored = change.stored_in(&section, sections);
        let value = match codec == change.codec {
            true => change.resolve(stored)?,
            false => change.transcoded(codec)?.resolve(stored)?,
        };
        Ok(Self { change, codec, value, min_reader })
    }

    fn edits(&self) -> impl Iterator<Item = Edit<'_>> {
        let Change { section, version, field, .. } = *self.change;
        let edit = move |key, value| Edit { section, version, codec: self.codec.tag(), key, value };
        let min_reader = self.min_reader.as_ref().map(move |version| edit(MIN_READER, Some(version.as_bytes())));
        [edit(field.info.key, self.value.as_deref())].into_iter().chain(min_reader)
    }
}

/// What applying a [`Delta`] needs beside the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) now: Timestamp,
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) sections: &'a SchemaRegistry,
    /// The app, where several apps share a store.
    pub(crate) app: &'a str,
}
