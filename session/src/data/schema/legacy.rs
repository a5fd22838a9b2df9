//! [`LegacyFields`]: what older releases have stored of a section, as the steps of one field read it.

use std::cell::Cell;
use std::fmt::{self, Display};

use super::info::FieldInfo;
use super::panics::Panicked;
use super::{SchemaData, Storable};
use crate::base::error::{BoxError, Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::payload::Section;

/// The version that has stored a section, and the version of this code.
#[derive(Clone, Copy)]
pub(super) struct Versions {
    pub(super) stored: u32,
    pub(super) code: u32,
}

impl Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stored by version {}, read by version {}", self.stored, self.code)
    }
}

/// The stored values of a section by key, for the upgrade steps of a field.
pub struct LegacyFields<'a> {
    section: &'a Section<'a>,
    codec: Codec,
}

impl fmt::Debug for LegacyFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyFields").field("version", &self.section.version).finish_non_exhaustive()
    }
}

impl<'a> LegacyFields<'a> {
    pub(crate) fn new(section: &'a Section<'a>, codec: Codec) -> Self {
        Self { section, codec }
    }

    pub(crate) fn version(&self) -> u32 {
        self.section.version
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// The value under the first of `keys` that is stored.
    pub fn first<T: Storable>(&self, keys: &[&str]) -> Option<Result<T, FieldErrorCause>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether there is a value under each of `keys`.
    pub fn has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.section.get(key).is_some())
    }

    fn get<T: Storable>(&self, key: &str) -> Option<Result<T, FieldErrorCause>> {
        let bytes = self.section.get(key)?;
        Some(T::decode(self.codec, bytes).map_err(|cause| FieldErrorCause::new(key, "cannot be decoded", cause)))
    }

    /// The value under `key`.
    ///
    /// # Errors
    ///
    /// If nothing is stored under it, or the value cannot be decoded.
    pub fn required<T: Storable>(&self, key: &str) -> Result<T, FieldErrorCause> {
        self.get(key).unwrap_or_else(|| Err(FieldErrorCause::new(key, "is missing", "absent")))
    }

    /// The value under `key`, or `None` if nothing is stored under it.
    ///
    /// # Errors
    ///
    /// If the value cannot be decoded.
    pub fn optional<T>(&self, key: &str) -> Result<Option<T>, FieldErrorCause>
    where
        Option<T>: Storable,
    {
        self.get(key).unwrap_or(Ok(None))
    }
}

/// The cause of an error where the application's own error is the reason.
pub(super) const NOT_KEPT: &str = "the reason that the application gave is not kept: it may quote the value";

thread_local! {
    static KEEPS_REASONS: Cell<bool> = const { Cell::new(false) };
}

/// Runs `run`, in which the errors of upgrades keep their reasons: the samples of a schema lock are not secret.
pub(crate) fn keeping_reasons<R>(run: impl FnOnce() -> R) -> R {
    KEEPS_REASONS.set(true);
    let result = run();
    KEEPS_REASONS.set(false);
    result
}

/// Why a stored value did not become the value of a field. It never quotes the value, which may be a secret.
#[derive(Debug)]
pub struct FieldErrorCause {
    what: String,
    source: BoxError,
}

impl FieldErrorCause {
    #[cold]
    pub(super) fn new(key: &str, what: &str, source: impl Into<BoxError>) -> Self {
        Self { what: format!("the value under `{key}` {what}"), source: source.into() }
    }

    /// The upgrade step of version `version` has refused the stored value.
    #[cold]
    pub fn step(version: u32, reason: &dyn Display) -> Self {
        let what = format!("the upgrade of version {version} refused the stored value");
        let source = if KEEPS_REASONS.get() { reason.to_string().into() } else { NOT_KEPT.into() };
        Self { what, source }
    }

    /// The code of an upgrade has panicked.
    #[cold]
    pub(super) fn upgrade(panicked: Panicked) -> Self {
        Self { what: "the upgrade of the stored value panicked".into(), source: panicked.into() }
    }

    #[cold]
    pub(crate) fn of_field<S: SchemaData>(self, info: &FieldInfo, stored: u32) -> Error {
        let Self { what, source } = self;
        let versions = Versions { stored, code: S::SECTION.version };
        let message = format!("session `{}`: field `{}`: {what} ({versions})", S::SECTION.name, info.name);
        Error::new(ErrorKind::Undecodable, message).caused_by(source)
    }
}
