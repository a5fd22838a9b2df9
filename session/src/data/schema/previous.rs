//! What a struct says about its other releases: the whole struct before it, and what becomes of newer ones.

use std::fmt;

use super::Schema;
use super::stored::SectionReader;
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::payload::Section;
use crate::data::shape::same_str;

/// What the attributes of a struct say about stored sections.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SectionInfo {
    /// What becomes of sections that newer code has written.
    pub newer: Newer,
    /// The oldest version that may read what this one writes.
    pub min_reader: u32,
    /// The keys of removed fields, deleted when the session is next saved.
    pub purge: &'static [&'static str],
    /// How the values of a new section are written.
    pub codec: Codec,
}

impl SectionInfo {
    /// The defaults.
    pub const fn new() -> Self {
        Self { newer: Newer::Accept, min_reader: 1, purge: &[], codec: Codec::Json }
    }

    /// What becomes of sections that newer code has written.
    #[must_use]
    pub const fn newer(mut self, newer: Newer) -> Self {
        self.newer = newer;
        self
    }

    /// The oldest version that may read what this one writes.
    #[must_use]
    pub const fn min_reader(mut self, version: u32) -> Self {
        self.min_reader = version;
        self
    }

    /// The keys of removed fields.
    #[must_use]
    pub const fn purge(mut self, keys: &'static [&'static str]) -> Self {
        self.purge = keys;
        self
    }

    /// How the values of a new section are written.
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }
}

/// What becomes of a section that newer code has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code writes it out")]
pub enum Newer {
    /// What this code knows is read and written, the rest carried through.
    #[default]
    Accept,
    /// It is read, and any change of it refused.
    Readonly,
    /// It is not read.
    Reject,
}

/// The way from the whole struct of the version before.
pub struct Previous<S> {
    pub(crate) read: fn(&Section<'_>) -> Result<S, Error>,
}

impl<S: Schema> Previous<S> {
    /// By way of `From`.
    pub const fn of<P: Schema>() -> Self
    where
        S: ConvertFrom<P>,
    {
        Self { read: |section| Ok(S::convert(read_previous::<P>(section)?)) }
    }

    /// By way of `TryFrom`.
    pub const fn try_of<P: Schema>() -> Self
    where
        S: TryConvertFrom<P>,
    {
        Self {
            read: |section| {
                S::try_convert(read_previous::<P>(section)?).map_err(|cause| {
                    let (name, from, to) = (S::NAME, P::VERSION, S::VERSION);
                    let message = format!("session `{name}`: version {from} could not be converted to version {to}");
                    Error::new(ErrorKind::Undecodable, message).caused_by(cause)
                })
            },
        }
    }
}

fn read_previous<P: Schema>(section: &Section<'_>) -> Result<P, Error> {
    let (value, problems) = SectionReader::load::<P>(Some(section.clone()))?;
    for problem in &problems {
        tracing::warn!(
            session = P::NAME,
            field = problem.field(),
            "a stored field of an older version reads as its default: {problem}"
        );
    }
    Ok(value)
}

impl<S> fmt::Debug for Previous<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previous").finish_non_exhaustive()
    }
}

/// A session type that can be made from the one of the version before.
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

/// A session type that can perhaps be made from the one of the version before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from `{P}`, which it names as its `try_previous`",
    label = "no `TryFrom<{P}>` for `{Self}` whose error implements `Display`",
    note = "write `impl TryFrom<{P}> for {Self}`"
)]
pub trait TryConvertFrom<P>: Sized {
    #[doc(hidden)]
    fn try_convert(previous: P) -> Result<Self, String>;
}
impl<P, T: TryFrom<P, Error: fmt::Display>> TryConvertFrom<P> for T {
    fn try_convert(previous: P) -> Result<Self, String> {
        T::try_from(previous).map_err(|error| error.to_string())
    }
}

/// Checks a `previous = P` of `S`, while compiling. `other_name` and `gap` are what to say.
///
/// # Panics
///
/// The compiler does, with one of them.
#[track_caller]
pub const fn check_previous<S: Schema, P: Schema>(other_name: &str, gap: &str) {
    assert!(same_str(S::NAME, P::NAME), "{}", other_name);
    assert!(P::VERSION + 1 == S::VERSION, "{}", gap);
}
