//! The attributes of the struct.

use syn::{Attribute, LitInt, LitStr};

use super::{Slot, read};
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
            _ => return Err(entry.unknown()),
        }
        Ok(())
    });
    raw
}
