//! The struct, its attributes and its fields.

use syn::{Data, DeriveInput, Fields, Generics, Ident, LitInt, LitStr, Path, Visibility};

use super::{RawField, Slot, items};
use crate::diag::Errors;
use crate::keyword;

/// The longest lifetime that makes sense: browsers keep no cookie for longer (RFC 6265bis, section 5.5).
const LONGEST: u64 = 400 * 24 * 60 * 60;

/// A struct as written.
pub(crate) struct Container {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) version: Slot<u32>,
    pub(crate) name: Slot<LitStr>,
    /// Seconds.
    pub(crate) idle: Slot<(u64, LitStr)>,
    pub(crate) absolute: Slot<(u64, LitStr)>,
    pub(crate) krate: Slot<Path>,
    pub(crate) fields: Vec<RawField>,
}

/// `None` where there are no fields to speak of.
pub(crate) fn container(input: &DeriveInput, errors: &mut Errors) -> Option<Container> {
    let fields = named_fields(input, errors);
    generics(input, errors);
    let mut out = Container {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        version: Slot::default(),
        name: Slot::default(),
        idle: Slot::default(),
        absolute: Slot::default(),
        krate: Slot::default(),
        fields: Vec::new(),
    };
    for item in items(&input.attrs, errors) {
        let key = &item.key;
        match key.to_string().as_str() {
            "version" => {
                let Some(tokens) = item.tokens("version = 2", errors) else {
                    continue;
                };
                match syn::parse2::<LitInt>(tokens.clone()) {
                    Ok(number) if number.base10_digits() == "0" => errors.at(number, "versions start at 1"),
                    Ok(number) => match number.base10_parse::<u16>() {
                        Ok(version) => out.version.put(key, version.into(), errors),
                        Err(_) => errors.at(number, "versions go up to 65535"),
                    },
                    Err(_) => errors.at(tokens, "`version` expects an integer, like `version = 2`"),
                }
            },
            "name" => {
                let Some(name) = item.string("name = \"shop\"", errors) else {
                    continue;
                };
                let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
                if name.value().is_empty() || name.value().len() > 64 || !name.value().bytes().all(fits) {
                    errors.at(
                        name,
                        "a session name may only hold a-z, 0-9, `_` and `-`: it becomes part of every stored record",
                    );
                } else {
                    out.name.put(key, name, errors);
                }
            },
            "idle" | "absolute" => {
                let example = if key == "idle" { "idle = \"30m\"" } else { "absolute = \"12h\"" };
                let Some(text) = item.string(example, errors) else {
                    continue;
                };
                let slot = if key == "idle" { &mut out.idle } else { &mut out.absolute };
                match duration(&text.value()) {
                    Some(0) => errors.at(text, format!("`{key}` must be longer than zero")),
                    Some(seconds) if seconds > LONGEST => {
                        errors.at(text, format!("`{key}` can be 400 days at most: browsers keep no cookie for longer"))
                    },
                    Some(seconds) => slot.put(key, (seconds, text), errors),
                    None => errors.at(text, "not a duration: write a number and one of s, m, h, d, like \"15m\""),
                }
            },
            "crate" => {
                let Some(text) = item.string("crate = \"::renamed_session\"", errors) else {
                    continue;
                };
                match text.parse::<Path>() {
                    Ok(path) if path.leading_colon.is_some() || path.segments.first().is_some_and(|first| first.ident == "crate") => {
                        out.krate.put(key, path, errors);
                    },
                    Ok(_) => errors.at(text, "this path must not depend on where it is used; begin it with `::`, or with `crate` for a re-export of your own"),
                    Err(_) => errors.at(text, "`crate` expects a path, like `crate = \"::renamed_session\"`"),
                }
            },
            other => errors.at(key, keyword::unknown("struct", other)),
        }
    }
    out.fields = fields?.iter().map(|field| super::field::field(field, errors)).collect();
    Some(out)
}

fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<&'a syn::punctuated::Punctuated<syn::Field, syn::Token![,]>> {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if fields.named.is_empty() => {
                errors.at(ident, format!("`{ident}` has no fields: a session type needs at least one named field"));
                None
            },
            Fields::Named(fields) => Some(&fields.named),
            Fields::Unit => {
                errors.at(ident, format!("`{ident}` has no fields: a session type needs at least one named field"));
                None
            },
            Fields::Unnamed(fields) => {
                errors.at(fields, format!("`#[derive(Session)]` needs named fields: every stored value is found by its field name, and a tuple struct has none\nwrite `struct {ident} {{ value: ... }}`"));
                None
            },
        },
        Data::Enum(data) => {
            errors.at(
                data.enum_token,
                format!("`#[derive(Session)]` works on structs; make `{ident}` the type of a field of one"),
            );
            None
        },
        Data::Union(data) => {
            errors.at(data.union_token, "`#[derive(Session)]` works on structs with named fields");
            None
        },
    }
}

fn generics(input: &DeriveInput, errors: &mut Errors) {
    let Generics { params, .. } = &input.generics;
    for param in params {
        match param {
            syn::GenericParam::Lifetime(lifetime) => errors.at(
                &lifetime.lifetime,
                format!("session types must own their data: remove the lifetime `{}` (use `String` for `&str`, `Vec<T>` for `&[T]`)", lifetime.lifetime),
            ),
            syn::GenericParam::Type(syn::TypeParam { ident, .. }) | syn::GenericParam::Const(syn::ConstParam { ident, .. }) => errors.at(
                ident,
                format!("session types cannot be generic: the stored fields of `{}` must be one fixed list\nderive on a struct of concrete types", input.ident),
            ),
        }
    }
}

/// Seconds.
fn duration(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number = text.get(..text.len().checked_sub(1)?)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(seconds))
}
