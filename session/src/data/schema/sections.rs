//! [`SchemaRegistry`]: the session types that share a record, with their structs erased, and what they make of the record of another
//! release.
//!
//! A record is brought up to date once, where it comes from the store: whatever an older release has stored stands under
//! today's keys from then on, so nothing else in the engine knows of releases. It is written back only along with a change.

use super::SchemaData;
use super::field::FieldVtable;
use super::info::{Newer, SectionInfo, Survive};
use super::legacy::LegacyFields;
use super::reader::{MIN_READER, SectionReader, codec_of, may_read, min_reader};
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::fingerprint::fingerprint;
use crate::data::payload::{Edit, Payload, Section};
use crate::data::validation::{Violation, Violations};

/// Every session type that shares a record.
#[derive(Debug, Default)]
pub(crate) struct SchemaRegistry(Vec<SectionSchema>);

/// A session type, with its struct erased.
#[derive(Debug)]
pub(crate) struct SectionSchema {
    pub(crate) name: &'static str,
    version: u32,
    info: SectionInfo,
    fields: Vec<&'static FieldVtable>,
    /// Today's fields, made from the whole struct of an older version.
    previous: Option<ConvertFn>,
    /// Which rules a section breaks.
    validate: Option<ValidateFn>,
}

type Fields = Vec<(&'static str, Vec<u8>)>;
type ConvertFn = fn(&Section<'_>) -> Result<Fields, Error>;
type ValidateFn = fn(Option<Section<'_>>) -> Result<(), Violations>;

/// Why a session is emptied, and so which fields stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    Login,
    Logout,
}

/// Whether `reset` leaves `field`.
pub(crate) fn survives(reset: Reset, field: &FieldVtable) -> bool {
    match field.info.survive {
        Survive::Both => true,
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
            previous: S::PREVIOUS.is_some().then_some(converted::<S>),
            validate: S::VALIDATES.then_some(validate::<S>),
        }
    }

    /// Whether this release may change `section`.
    fn may_write(&self, section: &Section<'_>) -> Result<(), Error> {
        let (name, stored, version) = (self.name, section.version, self.version);
        may_read(section, name, version, self.info.newer)?;
        if stored <= version || self.info.newer != Newer::Readonly {
            return Ok(());
        }
        let message = format!(
            "session `{name}`: written by version {stored}; this is version {version}, and `newer = \"readonly\"` only reads it"
        );
        Err(Error::new(ErrorKind::Newer, message))
    }

    /// The refusal to save what breaks a rule, over what `stored` is.
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

    /// Whether a record of an older release can need anything at all.
    fn evolves(&self) -> bool {
        self.previous.is_some()
            || !self.info.purge.is_empty()
            || self.fields.iter().any(|field| !field.info.sources.is_empty())
    }

    /// What brings `section` up to date. What cannot be converted, or must not be written, stays as it is, for whoever loads it
    /// to report.
    fn edits(&self, section: &Section<'_>) -> Vec<(&'static str, Option<Vec<u8>>)> {
        if self.may_write(section).is_err() {
            return Vec::new();
        }
        let mut edits = Vec::new();
        let mut kept = Vec::new();
        if let Some(converted) = self.previous.filter(|_| section.version < self.version) {
            let Ok(fields) = converted(section) else { return Vec::new() };
            edits.extend(fields.into_iter().map(|(key, value)| (key, Some(value))));
            // The section is this version's from here on, whoever writes it back.
            if self.info.min_reader > min_reader(section).unwrap_or(1) {
                edits.push((MIN_READER, Some(self.info.min_reader.to_string().into_bytes())));
            }
        } else if let Ok(codec) = codec_of(section, self.name) {
            let older = LegacyFields::new(section, codec);
            for field in self.fields.iter().filter(|field| !field.info.sources.is_empty()) {
                // Old code that takes a right away, or ends a login, must be heard: its key is moved and not copied, so if it is
                // there again it is the later one.
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
                    // Not read yet: too early, too broken, or a part of it is not there.
                    Some(Err(_)) | None => kept.extend(field.info.sources),
                }
            }
        }
        let purged = self.info.purge.iter().filter(|key| section.get(key).is_some() && !kept.contains(key));
        edits.extend(purged.map(|key| (*key, None)));
        edits
    }
}

/// The fields of `S` out of the whole struct of an older version. Each of them, whatever it is: what stands under its key now is
/// another version's.
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

fn validate<S: SchemaData>(section: Option<Section<'_>>) -> Result<(), Violations> {
    match SectionReader::unchecked::<S>(section) {
        Ok((value, _)) => value.validate(),
        // Nothing is known about its rules; what is wrong with it is reported by whoever loads it.
        Err(_) => Ok(()),
    }
}

impl SchemaRegistry {
    pub(crate) fn new(types: Vec<SectionSchema>) -> Self {
        Self(types)
    }

    /// Under which names they are stored.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|known| known.name)
    }

    fn get(&self, name: &[u8]) -> Option<&SectionSchema> {
        self.0.iter().find(|section| section.name.as_bytes() == name)
    }

    /// Whether `reset` leaves a field. An older release's key stays for it if every field that reads it does. What no type here
    /// knows goes: a logout must not leave what it cannot name.
    pub(crate) fn survives(&self, reset: Reset, section: &[u8], key: &[u8]) -> bool {
        let fields = self.get(section).map_or(&[][..], |section| &section.fields);
        if let Some(field) = fields.iter().find(|field| field.info.key.as_bytes() == key) {
            return survives(reset, field);
        }
        let is_read = |field: &&&FieldVtable| field.info.sources.iter().any(|source| source.as_bytes() == key);
        let mut readers = fields.iter().filter(is_read).peekable();
        key == MIN_READER.as_bytes() || (readers.peek().is_some() && readers.all(|field| survives(reset, field)))
    }

    /// `payload` as this release would have written it.
    pub(crate) fn modernized(&self, payload: Payload) -> Payload {
        let mut modern = payload;
        for known in self.0.iter().filter(|known| known.evolves()) {
            let Some(section) = modern.section(known.name) else { continue };
            let edits = known.edits(&section);
            if edits.is_empty() {
                continue;
            }
            let codec = section.codec;
            // Fields know by themselves what they are made of; a whole struct is made once. Else it stays said who has stored it.
            let version = if known.previous.is_some() { known.version } else { section.version };
            let edited = modern.edited(edits.iter().map(|(key, value)| Edit {
                section: known.name,
                version,
                codec,
                key,
                value: value.as_deref(),
            }));
            // Where there is no room for both, the record is read as it is.
            modern = edited.unwrap_or(modern);
        }
        modern
    }

    /// What is stored of `field`, as a load sees it: what breaks a rule is as good as absent.
    pub(crate) fn valid_value<'a>(&self, section: &Section<'a>, field: &FieldVtable) -> Option<&'a [u8]> {
        let stored = section.get(field.info.key)?;
        let validate = self.get(section.name).and_then(|known| known.validate);
        let violations = validate.and_then(|validate| validate(Some(section.clone())).err());
        let is_broken = |violations: Violations| violations.iter().any(|one| one.field() == Some(field.info.name));
        if violations.is_some_and(is_broken) { None } else { Some(stored) }
    }

    /// Whether this release may change the section of that name.
    pub(crate) fn may_write(&self, section: &Section<'_>) -> Result<(), Error> {
        self.get(section.name).map_or(Ok(()), |known| known.may_write(section))
    }

    /// What the section of that name must say about its readers, if it does not.
    pub(crate) fn min_reader(&self, name: &str, section: Option<&Section<'_>>) -> Option<u32> {
        let least = self.get(name.as_bytes())?.info.min_reader;
        let stored = section.and_then(min_reader).unwrap_or(1);
        (least > stored).then_some(least)
    }

    /// Fails if one of the fields that `changed` names breaks a rule in `after`, or if a rule on a whole struct is broken there
    /// and was not in `before`. So no bad value gets in, and nobody is held to account for what was stored before.
    pub(crate) fn check(
        &self,
        before: &Payload,
        after: &Payload,
        mut changed: impl FnMut(&str, &str) -> bool,
    ) -> Result<(), Error> {
        for known in &self.0 {
            let Some(validate) = known.validate else { continue };
            let Err(violations) = validate(after.section(known.name)) else { continue };
            let was_broken = |violation: &Violation| {
                let before = validate(before.section(known.name)).err();
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
