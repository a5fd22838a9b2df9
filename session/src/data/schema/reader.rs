//! [`SectionReader`]: a stored section on its way into a struct, whichever release has written it.
//!
//! A field is found by what is there, never by a version number: first under its own key, then under the keys of older releases
//! and through the steps that lead from them, and else it is its default. So old and new processes read one record without
//! having to agree on anything. The version decides only who may not read at all, and the way through `previous = …`.

use std::fmt::{self, Display};

use super::field::Field;
use super::info::{FieldInfo, Newer};
use super::legacy::{FieldErrorCause, LegacyFields, Versions};
use super::{SchemaData, Storable};
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::payload::{Scan, Section};

/// Under this key a section says the oldest version that may read it.
pub(crate) const MIN_READER: &str = "_min_reader";

/// A stored section on its way into a struct.
#[derive(Default)]
pub struct SectionReader<'a> {
    source: Option<Source<'a>>,
    problems: Vec<FieldError>,
    refused: Option<Error>,
}

/// A section, and how its values are read.
#[derive(Clone)]
struct Source<'a> {
    section: Section<'a>,
    codec: Codec,
    /// Fields are asked for in the order in which they are stored.
    scan: Scan<'a>,
}

impl fmt::Debug for SectionReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SectionReader").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> SectionReader<'a> {
    /// Loads an `S` from its section, or a new one if there is none.
    pub(crate) fn load<S: SchemaData>(section: Option<Section<'a>>) -> Result<(S, Vec<FieldError>), Error> {
        let (mut value, mut problems) = Self::unchecked(section.clone())?;
        if let Some(section) = section.filter(|_| S::VALIDATES) {
            reset_invalid(&mut value, &mut problems, &section)?;
        }
        Ok((value, problems))
    }

    /// The same, whatever rules it breaks.
    pub(crate) fn unchecked<S: SchemaData>(section: Option<Section<'a>>) -> Result<(S, Vec<FieldError>), Error> {
        let Some(section) = section else {
            return Ok((S::load(&mut Self::default()), Vec::new()));
        };
        may_read(&section, S::SECTION.name, S::SECTION.version, S::SECTION.newer)?;
        match S::PREVIOUS {
            Some(previous) if section.version < S::SECTION.version => Ok(((previous.read)(&section)?, Vec::new())),
            _ => Self::fields(section),
        }
    }

    /// The fields, each by its own policy, and no more.
    fn fields<S: SchemaData>(section: Section<'a>) -> Result<(S, Vec<FieldError>), Error> {
        let codec = codec_of(&section, S::SECTION.name)?;
        let scan = section.start();
        let mut stored = Self { source: Some(Source { section, codec, scan }), ..Self::default() };
        let value = S::load(&mut stored);
        match stored.refused {
            None => Ok((value, stored.problems)),
            Some(error) => Err(error),
        }
    }

    /// The value of one field: as stored, or its default if it is absent or cannot be decoded.
    pub fn field<S: SchemaData, F: Field<S>>(&mut self) -> F::Value {
        let Some(Source { section, codec, scan }) = &mut self.source else { return F::default() };
        let cause = match scan.find(F::INFO.key) {
            Some(bytes) => match F::Value::decode(*codec, bytes) {
                Ok(value) => return value,
                Err(cause) => FieldErrorCause::new(F::INFO.key, "cannot be decoded", cause),
            },
            None if F::INFO.sources.is_empty() => return F::default(),
            None => match F::older(&LegacyFields::new(section, *codec)) {
                None => return F::default(),
                Some(Ok(value)) => return value,
                Some(Err(cause)) => cause,
            },
        };
        let error = cause.of_field::<S>(&F::INFO, section.version);
        if F::INFO.rejects {
            self.refused.get_or_insert(error);
        } else {
            self.problems.push(FieldError { field: F::INFO.name, error });
        }
        F::default()
    }
}

/// Makes a default of every field whose stored value breaks a rule, or fails where a default would be dangerous. A default that
/// breaks one is the struct's own affair.
fn reset_invalid<S: SchemaData>(
    value: &mut S,
    problems: &mut Vec<FieldError>,
    section: &Section<'_>,
) -> Result<(), Error> {
    let Err(violations) = value.validate() else { return Ok(()) };
    let versions = Versions { stored: section.version, code: S::SECTION.version };
    let is_stored = |info: &FieldInfo| {
        section.version < S::SECTION.version && S::PREVIOUS.is_some()
            || std::iter::once(&info.key).chain(info.sources).any(|key| section.get(key).is_some())
    };
    for violation in violations.iter() {
        let column = S::FIELDS.iter().find(|column| violation.field() == Some(column.field.info.name));
        if column.is_some_and(|column| !is_stored(&column.field.info)) {
            continue;
        }
        let rule = violation.rule();
        let subject = column.map_or_else(|| "the whole struct".into(), |_| format!("`{}`", violation.path()));
        let message = format!("session `{}`: {subject} breaks a rule ({versions}): {rule}", S::SECTION.name);
        let error = Error::new(ErrorKind::Invalid, message);
        match column {
            Some(column) if column.field.info.rejects => return Err(error),
            Some(column) => (column.reset)(value),
            None => {},
        }
        problems.push(FieldError { field: column.map_or("", |column| column.field.info.name), error });
    }
    Ok(())
}

/// Whether code of `version` may read `section`.
pub(crate) fn may_read(section: &Section<'_>, name: &str, version: u32, newer: Newer) -> Result<(), Error> {
    let stored = section.version;
    if stored <= version {
        return Ok(());
    }
    let message = match min_reader(section) {
        Some(least) if version < least => format!(
            "session `{name}`: written by version {stored}, which no version before {least} may read; this is version {version}"
        ),
        _ if newer == Newer::Reject => format!(
            "session `{name}`: written by version {stored}; this is version {version}, and `newer = \"reject\"` refuses it"
        ),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Newer, message))
}

/// The oldest version that may read `section`, if it says so. What is no number counts as the newest version there is.
pub(crate) fn min_reader(section: &Section<'_>) -> Option<u32> {
    let stored = section.get(MIN_READER)?;
    Some(str::from_utf8(stored).ok().and_then(|stored| stored.parse().ok()).unwrap_or(u32::MAX))
}

/// The codec that `section` was written with.
pub(crate) fn codec_of(section: &Section<'_>, name: &str) -> Result<Codec, Error> {
    Codec::of_tag(section.codec).ok_or_else(|| {
        let message =
            format!("session `{name}`: stored with codec {}, which this version does not know", section.codec);
        Error::new(ErrorKind::Undecodable, message)
    })
}

/// Something that was wrong with a stored session and did not cost the rest of it.
#[derive(Debug)]
pub struct FieldError {
    field: &'static str,
    error: Error,
}

impl FieldError {
    /// The field that reads as its default now. Its stored bytes stay until the field is written. Empty for a rule on the whole
    /// struct, which changes nothing.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What was wrong.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
