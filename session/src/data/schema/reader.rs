//! [`SectionReader`]: reads a stored section into a struct, whichever release has written it.
//!
//! A field is found by the stored keys, never by a version number: first under its own key, then under the keys of
//! older releases and through their upgrade steps; otherwise it has its default. So old and new processes can read the
//! same record. The version is used only to refuse sections, and for `previous = …`.

use std::fmt::{self, Display};

use super::SchemaData;
use super::field::{Field, decode, older_value};
use super::info::{FieldInfo, Newer};
use super::legacy::{FieldErrorCause, LegacyFields, Versions};
use super::panics::{caught, in_field, panicked};
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::payload::{Scan, Section};
use crate::data::validation::Violations;

/// The key of the oldest version that may read a section.
pub(crate) const MIN_READER: &str = "_min_reader";

/// Reads a stored section into a struct, field by field.
#[derive(Default)]
pub struct SectionReader<'a> {
    source: Option<Source<'a>>,
    problems: Vec<FieldError>,
    refused: Option<Error>,
    /// The field that is being read.
    current: Option<&'static str>,
}

/// A section with its codec.
#[derive(Clone)]
struct Source<'a> {
    section: Section<'a>,
    codec: Codec,
    /// Fields are read in the order in which they are stored.
    scan: Scan<'a>,
}

impl fmt::Debug for SectionReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SectionReader").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> SectionReader<'a> {
    /// Reads an `S` from its section, or makes a new one without it. A value that breaks a rule of validation reads as
    /// the default.
    pub(crate) fn load<S: SchemaData>(section: Option<Section<'a>>) -> Result<(S, Vec<FieldError>), Error> {
        let (mut value, mut problems) = Self::unchecked(section.clone())?;
        if let Some(section) = section.filter(|_| S::VALIDATES) {
            reset_invalid(&mut value, &mut problems, &section)?;
        }
        Ok((value, problems))
    }

    /// Reads an `S` without checking the rules of validation.
    pub(crate) fn unchecked<S: SchemaData>(section: Option<Section<'a>>) -> Result<(S, Vec<FieldError>), Error> {
        let Some(section) = section else {
            return Ok((Self::default().read::<S>()?, Vec::new()));
        };
        may_read(&section, S::SECTION.name, S::SECTION.version, S::SECTION.newer)?;
        match S::PREVIOUS {
            Some(previous) if section.version < S::SECTION.version => {
                let read = caught(|| (previous.read)(&section));
                let read = read.unwrap_or_else(|_| Err(panicked(S::SECTION.name, "the conversion of its `previous`")));
                Ok((read?, Vec::new()))
            },
            _ => Self::fields(section),
        }
    }

    /// Reads each field by its own key and policy.
    fn fields<S: SchemaData>(section: Section<'a>) -> Result<(S, Vec<FieldError>), Error> {
        let codec = codec_of(&section, S::SECTION.name)?;
        let scan = section.start();
        let mut stored = Self { source: Some(Source { section, codec, scan }), ..Self::default() };
        let value = stored.read::<S>()?;
        match stored.refused {
            None => Ok((value, stored.problems)),
            Some(error) => Err(error),
        }
    }

    fn read<S: SchemaData>(&mut self) -> Result<S, Error> {
        caught(|| S::load(self)).map_err(|_| match self.current {
            Some(field) => in_field::<S>(field, "its default"),
            None => panicked(S::SECTION.name, "the default of a field with `skip`"),
        })
    }

    /// The value of one field: the stored one, or the default if it is absent or cannot be decoded.
    pub fn field<S: SchemaData, F: Field<S>>(&mut self) -> F::Value {
        self.current = Some(F::INFO.name);
        let value = self.value::<S, F>();
        self.current = None;
        value
    }

    #[inline]
    fn value<S: SchemaData, F: Field<S>>(&mut self) -> F::Value {
        let Some(Source { section, codec, scan }) = &mut self.source else { return F::default() };
        let cause = match scan.find(F::INFO.key) {
            Some(bytes) => match decode::<S, F>(*codec, bytes) {
                Ok(value) => return value,
                Err(cause) => FieldErrorCause::new(F::INFO.key, "cannot be decoded", cause),
            },
            None if F::INFO.sources.is_empty() => return F::default(),
            None => match older_value::<S, F>(&LegacyFields::new(section, *codec)) {
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

/// Resets every field whose stored value breaks a rule. Fails if the field may not read as its default. A default that
/// breaks a rule is left as it is.
fn reset_invalid<S: SchemaData>(
    value: &mut S,
    problems: &mut Vec<FieldError>,
    section: &Section<'_>,
) -> Result<(), Error> {
    let Err(violations) = validated(value)? else { return Ok(()) };
    let versions = Versions { stored: section.version, code: S::SECTION.version };
    let is_stored = |info: &FieldInfo| {
        section.version < S::SECTION.version && S::PREVIOUS.is_some()
            || std::iter::once(&info.key).chain(info.sources).any(|key| section.get(key).is_some())
    };
    for violation in violations.iter() {
        let field = S::FIELDS.iter().find(|field| violation.field() == Some(field.field.info.name));
        if field.is_some_and(|field| !is_stored(&field.field.info)) {
            continue;
        }
        let rule = violation.rule();
        let subject = field.map_or_else(|| "the whole struct".into(), |_| format!("`{}`", violation.path()));
        let message = format!("session `{}`: {subject} breaks a rule ({versions}): {rule}", S::SECTION.name);
        let error = Error::new(ErrorKind::Invalid, message);
        match field {
            Some(field) if field.field.info.rejects => return Err(error),
            Some(field) => (field.reset)(value)?,
            None => {},
        }
        problems.push(FieldError { field: field.map_or("", |field| field.field.info.name), error });
    }
    Ok(())
}

/// The outcome of the validation of `value`. Fails if a rule panics; which one cannot be told.
pub(super) fn validated<S: SchemaData>(value: &S) -> Result<Result<(), Violations>, Error> {
    caught(|| value.validate()).map_err(|_| panicked(S::SECTION.name, "a rule of validation"))
}

/// Whether code of `version` may read `section`.
pub(crate) fn may_read(section: &Section<'_>, name: &str, version: u32, newer: Newer) -> Result<(), Error> {
    let stored = section.version;
    if stored <= version {
        return Ok(());
    }
    let message = match min_reader(section) {
        Some(least) if version < least => format!(
            "session `{name}`: written by version {stored}, which no version before {least} may read; this is version \
             {version}"
        ),
        _ if newer == Newer::Reject => format!(
            "session `{name}`: written by version {stored}; this is version {version}, and `newer = \"reject\"` \
             refuses it"
        ),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Newer, message))
}

/// The oldest version that may read `section`, if the section names one. A value that is not a number counts as the
/// newest version.
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

/// A stored field that could not be read, or that breaks a rule of validation. It has its default in the session, and
/// the other fields are not affected. See [`Tracked::problems`](crate::Tracked::problems).
///
/// `Display` names the field, the stored key and the versions, never the stored value, which may be a secret.
///
/// ```
/// use session::{FieldError, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     cart: Vec<String>,
/// }
///
/// async fn home(session: Session<Shop>) -> &'static str {
///     let is_cart = |problem: &FieldError| problem.field() == "cart";
///     if session.problems().iter().any(is_cart) { "Your cart could not be restored." } else { "" }
/// }
/// ```
#[derive(Debug)]
pub struct FieldError {
    field: &'static str,
    error: Error,
}

impl FieldError {
    /// The name of the field in the struct. Its stored bytes stay unchanged until the field is written. Empty for a
    /// rule on the whole struct, which resets no field.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The reason.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
