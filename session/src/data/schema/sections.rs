//! [`SchemaRegistry`]: the session types that share a record, with their structs erased. It converts the records of
//! other releases.
//!
//! A record is converted once, when it comes from the store: the values of older releases are then under today's keys,
//! so the rest of the engine is independent of releases. The converted record is written back only along with a change.

use bytes::Bytes;

use super::SchemaData;
use super::field::FieldVtable;
use super::info::{Newer, SectionInfo, Survive};
use super::legacy::LegacyFields;
use super::reader::{MIN_READER, SectionReader, codec_of, may_read, min_reader, validated};
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::fingerprint::fingerprint;
use crate::data::payload::{Edit, Payload, Section};
use crate::data::record::UserKey;
use crate::data::validation::{Violation, Violations};

/// The session types that share a record.
#[derive(Debug, Default)]
pub(crate) struct SchemaRegistry(Vec<SectionSchema>);

/// A session type with its struct erased.
#[derive(Debug)]
pub(crate) struct SectionSchema {
    pub(crate) name: &'static str,
    version: u32,
    info: SectionInfo,
    fields: Vec<&'static FieldVtable>,
    /// The field that names the user.
    user: Option<&'static FieldVtable>,
    /// Converts what the struct of an older version has stored into today's fields.
    previous: Option<ConvertFn>,
    /// The rules that a section breaks.
    validate: Option<ValidateFn>,
}

type Fields = Vec<(&'static str, Vec<u8>)>;
type ConvertFn = fn(&Section<'_>) -> Result<Fields, Error>;
type ValidateFn = fn(Option<Section<'_>>) -> Result<Result<(), Violations>, Error>;

/// Why fields are reset, the mildest first. It decides which ones survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reset {
    Login,
    Logout,
    Destruction,
}

/// Whether `field` survives `reset`.
pub(crate) fn survives(reset: Reset, field: &FieldVtable) -> bool {
    match field.info.survive {
        Survive::Both => reset != Reset::Destruction,
        Survive::Login => reset == Reset::Login,
        Survive::Neither => false,
    }
}

impl SectionSchema {
    pub(crate) fn of<S: SchemaData>() -> Self {
        Self {
            name: S::SECTION.name,
            version: S::SECTION.version,
            info: S::SECTION,
            fields: S::FIELDS.iter().map(|column| column.field).collect(),
            user: S::USER.and_then(|index| S::FIELDS.get(index)).map(|column| column.field),
            previous: S::PREVIOUS.is_some().then_some(converted::<S>),
            validate: S::VALIDATES.then_some(validate::<S>),
        }
    }

    /// Checks that this release may change `section`.
    fn may_write(&self, section: &Section<'_>) -> Result<(), Error> {
        let (name, stored, version) = (self.name, section.version, self.version);
        may_read(section, name, version, self.info.newer)?;
        if stored <= version || self.info.newer != Newer::Readonly {
            return Ok(());
        }
        let message = format!(
            "session `{name}`: written by version {stored}; this is version {version}, and `newer = \"readonly\"` only \
             reads it"
        );
        Err(Error::new(ErrorKind::Newer, message))
    }

    /// The error for a value that breaks a rule. `stored` is the section before the change.
    #[cold]
    fn broken(&self, violation: &Violation, stored: Option<&Section<'_>>) -> Error {
        let stored =
            stored.map_or_else(|| "not stored yet".into(), |stored| format!("stored by version {}", stored.version));
        let (name, version, rule) = (self.name, self.version, violation.rule());
        let subject =
            violation.field().map_or_else(|| "the whole struct".into(), |_| format!("`{}`", violation.path()));
        let message =
            format!("session `{name}`: {subject} breaks a rule ({stored}, written by version {version}): {rule}");
        Error::new(ErrorKind::Invalid, message)
    }

    /// Whether a record of an older release can need a conversion.
    fn evolves(&self) -> bool {
        self.previous.is_some()
            || !self.info.purge.is_empty()
            || self.fields.iter().any(|field| !field.info.sources.is_empty())
    }

    /// The edits that convert `section`. A value that cannot be converted, or that this release must not write, stays
    /// unchanged: the load reports it.
    fn edits(&self, section: &Section<'_>) -> Vec<(&'static str, Option<Vec<u8>>)> {
        if self.may_write(section).is_err() {
            return Vec::new();
        }
        let mut edits = Vec::new();
        let mut kept = Vec::new();
        if let Some(converted) = self.previous.filter(|_| section.version < self.version) {
            let Ok(fields) = converted(section) else { return Vec::new() };
            edits.extend(fields.into_iter().map(|(key, value)| (key, Some(value))));
            // From here on the section has this version.
            if self.info.min_reader > min_reader(section).unwrap_or(1) {
                edits.push((MIN_READER, Some(self.info.min_reader.to_string().into_bytes())));
            }
        } else if let Ok(codec) = codec_of(section, self.name) {
            let older = LegacyFields::new(section, codec);
            for field in self.fields.iter().filter(|field| !field.info.sources.is_empty()) {
                // If old code revokes a right or logs a user out, that must take effect. So its key is moved, not
                // copied: if it is present again, old code has written it later.
                let moved = field.info.privilege;
                if !moved && section.get(field.info.key).is_some() {
                    continue;
                }
                match (field.older)(&older) {
                    Some(Ok(value)) => {
                        edits.push((field.info.key, Some(value)));
                        let gone = field.info.sources.iter().filter(|source| moved && section.get(source).is_some());
                        edits.extend(gone.map(|source| (*source, None)));
                    },
                    // It could not be read, or a part of it is missing: keep its keys.
                    Some(Err(_)) | None => kept.extend(field.info.sources),
                }
            }
        }
        let purged = self.info.purge.iter().filter(|key| section.get(key).is_some() && !kept.contains(key));
        edits.extend(purged.map(|key| (*key, None)));
        edits
    }
}

/// The fields of `S`, converted from the whole struct of an older version. All of them, also defaults: the values under
/// the same keys belong to the other version.
fn converted<S: SchemaData>(section: &Section<'_>) -> Result<Fields, Error> {
    let codec = codec_of(section, S::SECTION.name)?;
    let (value, _) = SectionReader::unchecked::<S>(Some(section.clone()))?;
    S::FIELDS
        .iter()
        .map(|column| {
            let mut encoded = Vec::new();
            (column.encode)(&value, codec, &mut encoded)?;
            Ok((column.field.info.key, encoded))
        })
        .collect()
}

fn validate<S: SchemaData>(section: Option<Section<'_>>) -> Result<Result<(), Violations>, Error> {
    match SectionReader::unchecked::<S>(section) {
        Ok((value, _)) => validated(&value),
        // Without a value there are no rules to check. The load reports the error.
        Err(_) => Ok(Ok(())),
    }
}

impl SchemaRegistry {
    pub(crate) fn new(types: Vec<SectionSchema>) -> Self {
        Self(types)
    }

    /// The names of their sections.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|known| known.name)
    }

    fn get(&self, name: &[u8]) -> Option<&SectionSchema> {
        self.0.iter().find(|section| section.name.as_bytes() == name)
    }

    /// Whether a stored key survives `reset`. The key of an older release survives if every field that reads it does.
    /// An unknown key does not survive: nothing that the code cannot judge may outlast a logout.
    pub(crate) fn survives(&self, reset: Reset, section: &[u8], key: &[u8]) -> bool {
        let fields = self.get(section).map_or(&[][..], |section| &section.fields);
        if let Some(field) = fields.iter().find(|field| field.info.key.as_bytes() == key) {
            return survives(reset, field);
        }
        let is_read = |field: &&&FieldVtable| field.info.sources.iter().any(|source| source.as_bytes() == key);
        let mut readers = fields.iter().filter(is_read).peekable();
        key == MIN_READER.as_bytes() || (readers.peek().is_some() && readers.all(|field| survives(reset, field)))
    }

    /// `payload`, converted to this release.
    pub(crate) fn modernized(&self, payload: Payload) -> Payload {
        let mut modern = payload;
        for known in self.0.iter().filter(|known| known.evolves()) {
            let Some(section) = modern.section(known.name) else { continue };
            let edits = known.edits(&section);
            if edits.is_empty() {
                continue;
            }
            let codec = section.codec;
            // A whole struct is converted once, so the section gets this version. Fields are found by their keys, so it
            // keeps the old one.
            let version = if known.previous.is_some() { known.version } else { section.version };
            let edited = modern.edited(edits.iter().map(|(key, value)| Edit {
                section: known.name,
                version,
                codec,
                key,
                value: value.as_deref(),
            }));
            // If the converted payload is too large, the record is read without the conversion.
            modern = edited.unwrap_or(modern);
        }
        modern
    }

    /// The stored value of `field`. As in a load, a value that breaks a rule counts as absent.
    pub(crate) fn valid_value<'a>(&self, section: &Section<'a>, field: &FieldVtable) -> Option<&'a [u8]> {
        let stored = section.get(field.info.key)?;
        let validate = self.get(section.name).and_then(|known| known.validate);
        // If a rule panics, no value is known to break one. The check of what is to be stored reports it.
        let violations = validate.and_then(|validate| validate(Some(section.clone())).ok()?.err());
        let is_broken = |violations: Violations| violations.iter().any(|one| one.field() == Some(field.info.name));
        if violations.is_some_and(is_broken) { None } else { Some(stored) }
    }

    /// The user of a record with this payload: the key of the user index. It is `before` if no session type of this
    /// registry has a user, or if this release cannot read the field.
    ///
    /// The key is `section:json`, or `section@app:json`, so that the users of two session types, or of two apps, on one
    /// store are different ones. JSON, whatever the section's codec is: the index compares these bytes.
    pub(crate) fn user_of(
        &self,
        payload: &Payload,
        before: Option<UserKey>,
        app: &str,
    ) -> Result<Option<UserKey>, Error> {
        let Some((name, user)) = self.user() else { return Ok(before) };
        let section = payload.section(name);
        if section.as_ref().is_some_and(|section| self.is_newer(section)) {
            // Newer code may keep the user elsewhere.
            return Ok(before);
        }
        let stored = section.as_ref().and_then(|section| section.get(user.info.key));
        let codec = section.as_ref().map_or(Ok(Codec::Json), |section| codec_of(section, name));
        let json = match (codec, stored) {
            // Nearly always the same user as before.
            (Ok(Codec::Json), Some(json)) if before.as_ref().is_some_and(|before| before.is_for(name, app, json)) => {
                return Ok(before);
            },
            (Ok(codec), Some(stored)) => (user.transcode)(stored, codec, Codec::Json),
            (Ok(_), None) => {
                let mut default = Vec::new();
                (user.default)(Codec::Json, &mut default).map(|()| default)
            },
            (Err(error), _) => Err(error),
        };
        match json {
            Ok(json) if json == b"null" => Ok(None),
            Ok(json) => UserKey::new(name, app, &json).map(Some),
            Err(_) => Ok(before),
        }
    }

    /// The key of the user index for the user whose JSON is `json`.
    pub(crate) fn user_key(&self, json: Option<&Bytes>, app: &str) -> Result<Option<UserKey>, Error> {
        let Some(((name, _), json)) = self.user().zip(json) else { return Ok(None) };
        UserKey::new(name, app, json).map(Some)
    }

    /// Whether a newer release has written `section`.
    fn is_newer(&self, section: &Section<'_>) -> bool {
        self.get(section.name).is_some_and(|known| section.version > known.version)
    }

    /// The section and the field that names the user.
    pub(crate) fn user(&self) -> Option<(&'static str, &'static FieldVtable)> {
        self.0.iter().find_map(|known| Some((known.name, known.user?)))
    }

    /// Whether older releases may have stored the user in another form.
    pub(crate) fn user_has_older_forms(&self) -> bool {
        let evolves =
            |known: &SectionSchema, user: &FieldVtable| known.previous.is_some() || !user.info.sources.is_empty();
        self.0.iter().any(|known| known.user.is_some_and(|user| evolves(known, user)))
    }

    /// Checks that this release may change the section of that name.
    pub(crate) fn may_write(&self, section: &Section<'_>) -> Result<(), Error> {
        self.get(section.name).map_or(Ok(()), |known| known.may_write(section))
    }

    /// The `min_reader` that must be stored in the section of that name, unless it is there already.
    pub(crate) fn min_reader(&self, name: &str, section: Option<&Section<'_>>) -> Option<u32> {
        let least = self.get(name.as_bytes())?.info.min_reader;
        let stored = section.and_then(min_reader).unwrap_or(1);
        (least > stored).then_some(least)
    }

    /// Fails if a field for which `changed` holds breaks a rule in `after`, or if a rule on a whole struct is broken in
    /// `after` and was not in `before`. So no invalid value is stored, and a request does not fail for what was stored
    /// before.
    pub(crate) fn check(
        &self,
        before: &Payload,
        after: &Payload,
        mut changed: impl FnMut(&str, &str) -> bool,
    ) -> Result<(), Error> {
        for known in &self.0 {
            let Some(validate) = known.validate else { continue };
            let validated = validate(after.section(known.name)).map_err(|error| {
                let fields = known.fields.iter().map(|field| field.info.name);
                let changed: Vec<_> = fields.filter(|field| changed(known.name, field)).collect();
                error.about_fields(&changed)
            });
            let Err(violations) = validated? else { continue };
            let was_broken = |violation: &Violation| {
                let before = validate(before.section(known.name)).ok().and_then(Result::err);
                before.is_some_and(|before| before.iter().any(|earlier| earlier == violation))
            };
            for violation in violations.iter() {
                let fresh = match violation.field() {
                    Some(field) => changed(known.name, field),
                    None => !was_broken(violation),
                };
                if fresh {
                    let error = known.broken(violation, before.section(known.name).as_ref());
                    return Err(error.caused_by(violations.clone()));
                }
            }
        }
        Ok(())
    }
}

/// The fingerprint of `None`, which is stored by absence.
pub(crate) fn none() -> Option<u128> {
    fingerprint(&None::<()>)
}

/// The codec of a section that may not be there yet.
pub(crate) fn codec_or<S: SchemaData>(section: Option<&Section<'_>>) -> Result<Codec, Error> {
    section.map_or(Ok(S::SECTION.codec), |section| codec_of(section, S::SECTION.name))
}
