//! The attributes of the struct about its other versions.

use std::collections::HashMap;

use proc_macro2::Ident;
use syn::{LitInt, LitStr};

use super::name::key_problem;
use super::{Raw, Slot};
use crate::diag::Errors;
use crate::keyword::{CODEC, unknown};
use crate::model::{Evolution, Newer, Previous};

pub(super) fn check(raw: &Raw<'_>, version: u32, errors: &mut Errors) -> Evolution {
    let attributes = &raw.attributes;
    check_removed(&attributes.reserved, &attributes.purge, errors);
    Evolution {
        reserved: attributes.reserved.clone(),
        purge: attributes.purge.clone(),
        previous: previous(raw, version, errors),
        legacy: attributes.legacy.is_given(),
        strict: attributes.strict.is_given(),
        newer: newer(&attributes.newer, errors),
        min_reader: min_reader(&attributes.min_reader, version, errors),
        validate: validate(&attributes.validate, errors),
        codec: codec(&attributes.codec, errors),
    }
}

/// Names of removed fields must be possible names, and each may be given once.
fn check_removed(reserved: &[LitStr], purge: &[LitStr], errors: &mut Errors) {
    let mut taken: HashMap<String, &str> = HashMap::new();
    let lists = reserved.iter().map(|name| (name, "reserved")).chain(purge.iter().map(|name| (name, "purge")));
    for (literal, list) in lists {
        let name = literal.value();
        let base = name.split_once('@').map_or(name.as_str(), |(base, _)| base);
        if let Some(problem) = key_problem(base) {
            errors.on(literal, format!("{problem}, so no version has stored a value under `{name}`"));
        }
        match taken.insert(name.clone(), list) {
            Some(earlier) if earlier == list => {
                errors.on(literal, format!("`{name}` is given twice; remove one of them"));
            },
            Some(_) => errors.on(literal, format!("`purge` also reserves the name; remove `{name}` from `reserved`")),
            None => {},
        }
    }
}

fn previous(raw: &Raw<'_>, version: u32, errors: &mut Errors) -> Option<Previous> {
    let (plain, fallible) = (&raw.attributes.previous, &raw.attributes.try_previous);
    if let (true, Some(second)) = (plain.is_given(), fallible.get()) {
        errors.on(&second.key, "`previous` and `try_previous` exclude each other; remove one of them");
    }
    let (spanned, fallible) = match plain.get() {
        Some(spanned) => (spanned, false),
        None => (fallible.get()?, true),
    };
    if version < 2 {
        let key = &spanned.key;
        errors.on(
            key,
            format!(
                "`{}` is at version 1, which has no version before it; write `version = 2` beside `{key}`",
                raw.ident
            ),
        );
    }
    if spanned.value.is_ident(raw.ident) || spanned.value.is_ident("Self") {
        errors.on(
            &spanned.value,
            "a struct cannot be its own `previous`; keep a copy of the old struct under another name",
        );
        return None;
    }
    Some(Previous { path: spanned.value.clone(), fallible })
}

fn newer(slot: &Slot<LitStr>, errors: &mut Errors) -> Newer {
    let Some(literal) = slot.value() else { return Newer::Accept };
    match literal.value().as_str() {
        "accept" => Newer::Accept,
        "readonly" => Newer::Readonly,
        "reject" => Newer::Reject,
        other => {
            errors.on(
                literal,
                format!(
                    "unknown policy `{other}` for sections of newer versions; expected \"accept\", \"readonly\" or \
                    \"reject\""
                ),
            );
            Newer::Accept
        },
    }
}

fn min_reader(slot: &Slot<LitInt>, version: u32, errors: &mut Errors) -> Option<u32> {
    let literal = slot.value()?;
    match literal.base10_parse::<u16>().map(u32::from) {
        Ok(0) | Err(_) => errors.on(literal, "versions go from 1 to 65535; write `min_reader = 2`, for example"),
        Ok(least) if least > version => errors.on(
            literal,
            format!(
                "this is version {version}, which could not read its own records; write at most `min_reader = \
                {version}`"
            ),
        ),
        Ok(least) => return Some(least),
    }
    None
}

fn validate(slot: &Slot<Ident>, errors: &mut Errors) -> Option<Ident> {
    let word = slot.value()?;
    if word != "garde" {
        errors.on(word, format!("unknown validation `{word}`; write `validate = garde`, the only one"));
    }
    Some(word.clone())
}

fn codec(slot: &Slot<Ident>, errors: &mut Errors) -> Option<Ident> {
    let word = slot.value()?;
    let name = word.to_string();
    if CODEC.iter().all(|keyword| keyword.name != name) {
        errors.on(word, unknown("codec", CODEC, &name));
        return None;
    }
    (name != "json").then(|| word.clone())
}
