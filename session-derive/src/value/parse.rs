//! The input with its attributes: the type, its variants and its members.

use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Variant};

use super::serde::Serde;
use crate::diag::Errors;
use crate::keyword::Level;
use crate::parse::{Slot, read};

/// A type as it was written.
pub(super) struct Raw<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) serde: Serde,
    pub(super) opaque: Slot<()>,
    pub(super) krate: Slot<LitStr>,
    /// The members of a struct.
    pub(super) members: Vec<RawMember<'a>>,
    /// The variants of an enum.
    pub(super) variants: Vec<RawVariant<'a>>,
}

/// A member, of a struct or of a variant.
pub(super) struct RawMember<'a> {
    pub(super) field: &'a Field,
    pub(super) serde: Serde,
    pub(super) opaque: Slot<()>,
    pub(super) cfg: Option<&'a Attribute>,
}

/// A variant of an enum.
pub(super) struct RawVariant<'a> {
    pub(super) variant: &'a Variant,
    pub(super) serde: Serde,
    pub(super) members: Vec<RawMember<'a>>,
    pub(super) cfg: Option<&'a Attribute>,
}

/// Reads a type and all attributes in it.
pub(super) fn parse<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Raw<'a> {
    let (mut opaque, mut krate) = (Slot::default(), Slot::default());
    read(&input.attrs, Level::Value, errors, |entry, errors| {
        let key = &entry.key;
        match key.to_string().as_str() {
            "opaque" => opaque.set(key, entry.flag()?, errors),
            "crate" => krate.set(key, entry.string()?, errors),
            _ => return Err(entry.unknown()),
        }
        Ok(())
    });
    let (members, variants) = match &input.data {
        Data::Struct(data) => (members(&data.fields, errors), Vec::new()),
        Data::Enum(data) => (Vec::new(), data.variants.iter().map(|of| variant(of, errors)).collect()),
        Data::Union(_) => (Vec::new(), Vec::new()),
    };
    Raw { input, serde: Serde::read(&input.attrs), opaque, krate, members, variants }
}

fn variant<'a>(variant: &'a Variant, errors: &mut Errors) -> RawVariant<'a> {
    for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("session")) {
        errors.on(
            attr,
            "`#[session(...)]` is not allowed on a variant; write `#[session(opaque)]` on its members, or on the enum",
        );
    }
    RawVariant {
        variant,
        serde: Serde::read(&variant.attrs),
        members: members(&variant.fields, errors),
        cfg: cfg(&variant.attrs),
    }
}

fn members<'a>(fields: &'a Fields, errors: &mut Errors) -> Vec<RawMember<'a>> {
    let mut member = |field: &'a Field| {
        let mut opaque = Slot::default();
        read(&field.attrs, Level::Member, errors, |entry, errors| {
            let key = &entry.key;
            match key.to_string().as_str() {
                "opaque" => opaque.set(key, entry.flag()?, errors),
                _ => return Err(entry.unknown()),
            }
            Ok(())
        });
        RawMember { field, serde: Serde::read(&field.attrs), opaque, cfg: cfg(&field.attrs) }
    };
    fields.iter().map(&mut member).collect()
}

fn cfg(attrs: &[Attribute]) -> Option<&Attribute> {
    attrs.iter().find(|attr| attr.path().is_ident("cfg"))
}
