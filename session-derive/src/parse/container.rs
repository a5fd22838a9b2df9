//! The attributes of the struct.

use proc_macro2::Ident;
use syn::{Attribute, LitInt, LitStr, Path};

use super::{Entry, Slot, read};
use crate::diag::Errors;
use crate::keyword::Level;

/// `#[session(...)]` of a struct.
#[derive(Default)]
pub(crate) struct RawAttributes {
    pub(crate) version: Slot<LitInt>,
    pub(crate) name: Slot<LitStr>,
    pub(crate) idle: Slot<LitStr>,
    pub(crate) absolute: Slot<LitStr>,
    pub(crate) krate: Slot<LitStr>,
    pub(crate) reserved: Vec<LitStr>,
    pub(crate) purge: Vec<LitStr>,
    pub(crate) previous: Slot<Path>,
    pub(crate) try_previous: Slot<Path>,
    pub(crate) legacy: Slot<()>,
    pub(crate) newer: Slot<LitStr>,
    pub(crate) min_reader: Slot<LitInt>,
    pub(crate) validate: Slot<Ident>,
    pub(crate) codec: Slot<Ident>,
    pub(crate) lock: Slot<RawLock>,
    pub(crate) strict: Slot<()>,
}

/// The value of `lock =`.
pub(crate) enum RawLock {
    Off,
    Path(LitStr),
}

pub(super) fn parse(attrs: &[Attribute], errors: &mut Errors) -> RawAttributes {
    let mut raw = RawAttributes::default();
    read(attrs, Level::Struct, errors, |entry, errors| {
        let key = &entry.key;
        match key.to_string().as_str() {
            "version" => raw.version.set(key, entry.integer()?, errors),
            "name" => raw.name.set(key, entry.string()?, errors),
            "idle" => raw.idle.set(key, entry.string()?, errors),
            "absolute" => raw.absolute.set(key, entry.string()?, errors),
            "crate" => raw.krate.set(key, entry.string()?, errors),
            "reserved" => raw.reserved.extend(entry.strings()?),
            "purge" => raw.purge.extend(entry.strings()?),
            "previous" => raw.previous.set(key, entry.value("a type")?, errors),
            "try_previous" => raw.try_previous.set(key, entry.value("a type")?, errors),
            "legacy" => raw.legacy.set(key, entry.flag()?, errors),
            "newer" => raw.newer.set(key, entry.string()?, errors),
            "min_reader" => raw.min_reader.set(key, entry.integer()?, errors),
            "validate" => raw.validate.set(key, entry.name()?, errors),
            "codec" => raw.codec.set(key, entry.name()?, errors),
            "lock" => raw.lock.set(key, lock(entry)?, errors),
            "strict" => raw.strict.set(key, entry.flag()?, errors),
            _ => return Err(entry.unknown()),
        }
        Ok(())
    });
    raw
}

fn lock(entry: &Entry<'_>) -> syn::Result<RawLock> {
    const EXPECTED: &str =
        "`lock` expects `off`, or the path of a file below the package's folder, like `lock = \"sessions/shop.lock\"`";
    entry.equals()?;
    let input = entry.input;
    if input.peek(LitStr) {
        return input.parse().map(RawLock::Path);
    }
    match input.fork().parse::<Ident>() {
        Ok(word) if word == "off" => input.parse::<Ident>().map(|_| RawLock::Off),
        _ => Err(input.error(EXPECTED)),
    }
}
