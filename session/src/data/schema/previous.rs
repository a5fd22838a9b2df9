//! [`Previous`]: reads what the whole struct of the version before has stored.

use std::fmt;

use super::SchemaData;
use super::legacy::NOT_KEPT;
use super::reader::SectionReader;
use crate::base::error::{Error, ErrorKind};
use crate::base::log_limit::LogLimit;
use crate::data::payload::Section;
use crate::data::shape::same_str;

/// Reads a section as the struct of the version before, and converts it.
pub struct Previous<S> {
    pub(crate) read: fn(&Section<'_>) -> Result<S, Error>,
}

impl<S: SchemaData> Previous<S> {
    /// Converts with `From`.
    pub const fn of<P: SchemaData>() -> Self
    where
        S: ConvertFrom<P>,
    {
        Self { read: |section| Ok(S::convert(read_previous::<P>(section)?)) }
    }

    /// Converts with `TryFrom`.
    pub const fn try_of<P: SchemaData>() -> Self
    where
        S: TryConvertFrom<P>,
    {
        Self {
            read: |section| {
                S::try_convert(read_previous::<P>(section)?).ok_or_else(|| {
                    let (name, from, to) = (S::SECTION.name, P::SECTION.version, S::SECTION.version);
                    let message = format!("session `{name}`: version {from} could not be converted to version {to}");
                    Error::new(ErrorKind::Undecodable, message).caused_by(NOT_KEPT)
                })
            },
        }
    }
}

/// Of the whole process: what is read here has no engine.
static WARNINGS: LogLimit = LogLimit::new();

fn read_previous<P: SchemaData>(section: &Section<'_>) -> Result<P, Error> {
    let (value, problems) = SectionReader::load::<P>(Some(section.clone()))?;
    if !problems.is_empty()
        && let Some(left_out) = WARNINGS.admit()
    {
        for problem in &problems {
            let (session, field) = (P::SECTION.name, problem.field());
            let what = "a stored field of an older version reads as its default";
            tracing::warn!(session, field, left_out, "{what}: {problem}");
        }
    }
    Ok(value)
}

impl<S> fmt::Debug for Previous<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previous").finish_non_exhaustive()
    }
}

/// A session type with a conversion from the one of the version before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from `{P}`, which it names as its `previous`",
    label = "no `From<{P}>` for `{Self}`",
    note = "write `impl From<{P}> for {Self}`; if it can fail, `impl TryFrom<{P}> for {Self}` and `try_previous = {P}`"
)]
pub trait ConvertFrom<P> {
    #[doc(hidden)]
    fn convert(previous: P) -> Self;
}
impl<P, T: From<P>> ConvertFrom<P> for T {
    fn convert(previous: P) -> Self {
        T::from(previous)
    }
}

/// A session type with a fallible conversion from the one of the version before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from `{P}`, which it names as its `try_previous`",
    label = "no `TryFrom<{P}>` for `{Self}` whose error implements `Display`",
    note = "write `impl TryFrom<{P}> for {Self}`"
)]
pub trait TryConvertFrom<P>: Sized {
    /// `None` if the conversion fails. Its error may quote a value, so it is not kept.
    #[doc(hidden)]
    fn try_convert(previous: P) -> Option<Self>;
}
impl<P, T: TryFrom<P, Error: fmt::Display>> TryConvertFrom<P> for T {
    fn try_convert(previous: P) -> Option<Self> {
        T::try_from(previous).ok()
    }
}

/// Checks a `previous = P` of `S` at compile time.
///
/// # Panics
///
/// With `other_name` if the names of the sections differ, and with `gap` unless the versions follow each other.
#[track_caller]
pub const fn check_previous<S: SchemaData, P: SchemaData>(other_name: &str, gap: &str) {
    assert!(same_str(S::SECTION.name, P::SECTION.name), "{}", other_name);
    assert!(P::SECTION.version + 1 == S::SECTION.version, "{}", gap);
}
