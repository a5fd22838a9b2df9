//! The history of each field, and contradictions between the histories of two fields.

use std::collections::HashMap;

use syn::{LitInt, LitStr, Type};

use super::name::key_problem;
use super::{Field, Raw, RawField};
use crate::diag::Errors;
use crate::model::{History, Source, Step};
use crate::parse::{RawSource, RawUpgrade};
use crate::spelling::spelled;

/// The history of one field. Mistakes in it are reported and left out.
pub(super) fn of(field: &RawField, base: &str, version: u32, errors: &mut Errors) -> History {
    let was = was(field, base, errors);
    let mut upgrades: Vec<(u32, &RawUpgrade)> = Vec::new();
    for upgrade in &field.attributes.upgrades {
        let Some(made) = upgrade_version(field, upgrade, version, errors) else { continue };
        match upgrades.iter().any(|(other, _)| *other == made) {
            true => errors
                .on(&upgrade.version, format!("two upgrades of one field in version {made}; combine them into one")),
            false => upgrades.push((made, upgrade)),
        }
    }
    upgrades.sort_by_key(|(made, _)| *made);
    // From the newest to the oldest: the output of a step is the input of the next step of the field itself.
    let mut to = field.ty.clone();
    let mut steps = Vec::new();
    for (index, (made, upgrade)) in upgrades.iter().enumerate().rev() {
        let source = match &upgrade.source {
            RawSource::Own(from) => {
                Source::Own(own_keys(base, &was, upgrades.get(..index).unwrap_or_default()), from.clone())
            },
            RawSource::Keys(pairs) => {
                check_keys(pairs, base, errors);
                Source::Keys(pairs.clone())
            },
        };
        let next: Option<Type> = match &source {
            Source::Own(_, from) => Some(from.as_ref().clone()),
            Source::Keys(_) => None,
        };
        steps.push(Step {
            version: *made,
            source,
            to: to.clone(),
            with: upgrade.with.clone(),
            fallible: upgrade.fallible,
        });
        to = next.unwrap_or(to);
    }
    steps.reverse();
    History { was, steps }
}

/// The keys of the field before a step: the key of the step before, or its first key and its older names.
fn own_keys(base: &str, was: &[LitStr], earlier: &[(u32, &RawUpgrade)]) -> Vec<String> {
    let own = earlier.iter().rev().find(|(_, upgrade)| matches!(upgrade.source, RawSource::Own(_)));
    match own {
        Some((version, _)) => vec![format!("{base}@{version}")],
        None => std::iter::once(base.to_owned()).chain(was.iter().map(LitStr::value)).collect(),
    }
}

/// The key that a field is stored under today. Every change of its type gives it a new key.
pub(super) fn current_key(base: &str, history: &History) -> String {
    let own = history.steps.iter().rev().find(|step| matches!(step.source, Source::Own(..)));
    own.map_or_else(|| base.to_owned(), |step| format!("{base}@{}", step.version))
}

fn was(field: &RawField, base: &str, errors: &mut Errors) -> Vec<LitStr> {
    let mut names: Vec<LitStr> = Vec::new();
    for literal in &field.attributes.was {
        let name = literal.value();
        if name.contains('@') {
            let plain = name.split('@').next().unwrap_or_default();
            errors.on(
                literal,
                format!(
                    "a field whose type has changed keeps its key when it is renamed; write `key = \"{plain}\"` instead"
                ),
            );
        } else if let Some(problem) = key_problem(&name) {
            errors.on(literal, format!("{problem}, so no version has stored a value under `{name}`"));
        } else if name == base {
            errors.on(literal, format!("`{name}` is the key of the field today; `was` is for older names"));
        } else if names.iter().any(|other| other.value() == name) {
            errors.on(literal, format!("`{name}` is given twice; remove one of them"));
        } else {
            names.push(literal.clone());
        }
    }
    names
}

fn upgrade_version(field: &RawField, upgrade: &RawUpgrade, version: u32, errors: &mut Errors) -> Option<u32> {
    let literal = &upgrade.version;
    let Ok(made) = literal.base10_parse::<u16>().map(u32::from) else {
        errors.on(literal, "versions go from 1 to 65535; write `in = 2`, for example");
        return None;
    };
    let since = field.attributes.since.value().and_then(|since| since.base10_parse::<u32>().ok()).unwrap_or(1);
    if made < 2 {
        errors.on(literal, "no version before version 1 exists; the first upgrade is `in = 2`");
    } else if made > version {
        errors.on(
            literal,
            format!(
                "this upgrade is `in = {made}`, but the struct is at version {version}; write `#[session(version = \
                {made})]`"
            ),
        );
    } else if made < since || made == since && matches!(upgrade.source, RawSource::Own(_)) {
        errors.on(
            literal,
            format!(
                "`{}` has `since = {since}`, so no version before {since} has stored it; correct `since`, or remove \
                 this upgrade",
                field.ident
            ),
        );
    } else {
        return Some(made);
    }
    None
}

fn check_keys(pairs: &[(LitStr, Type)], base: &str, errors: &mut Errors) {
    let mut taken: Vec<String> = Vec::new();
    for (literal, ty) in pairs {
        let key = literal.value();
        let plain = key.split_once('@').map_or(key.as_str(), |(plain, _)| plain);
        if let Some(problem) = key_problem(plain) {
            errors.on(literal, format!("{problem}, so no version has stored a value under `{key}`"));
        } else if key == base {
            let ty = spelled(ty);
            errors.on(
                literal,
                format!(
                    "`{key}` is the field's own key; for a change of its type write `from = {ty}`; if it is made from \
                         other fields now, give it another `key = \"...\"`"
                ),
            );
        } else if taken.contains(&key) {
            errors.on(literal, format!("`{key}` is given twice; remove one of them"));
        }
        taken.push(key);
    }
}

pub(super) fn since(field: &RawField, version: u32, errors: &mut Errors) -> Option<u32> {
    let literal: &LitInt = field.attributes.since.value()?;
    match literal.base10_parse::<u16>().map(u32::from) {
        Ok(0) | Err(_) => errors.on(literal, "versions start at 1; write `since = 2`, for example"),
        Ok(since) if since > version => errors.on(
            literal,
            format!(
                "`{}` has `since = {since}`, but the struct is at version {version}; write `#[session(version = \
                 {since})]`",
                field.ident
            ),
        ),
        Ok(since) => return Some(since),
    }
    None
}

/// Whether an unreadable stored value fails the load.
pub(super) fn rejects(field: &RawField, errors: &mut Errors) -> bool {
    let Some(literal) = field.attributes.on_corrupt.value() else { return false };
    match literal.value().as_str() {
        "default" => false,
        "reject" => true,
        other => {
            errors.on(
                literal,
                format!("unknown policy `{other}` for unreadable values; expected \"default\" or \"reject\""),
            );
            false
        },
    }
}

/// A reserved name must not be in use, and a name in use must not be reserved.
pub(super) fn check(raw: &Raw<'_>, fields: &[Field], errors: &mut Errors) {
    let stored = || raw.fields.iter().zip(fields).filter_map(|(raw, field)| Some((raw, field.stored.as_ref()?)));
    let attributes = &raw.attributes;
    for name in attributes.reserved.iter().chain(&attributes.purge) {
        let name_text = name.value();
        for (raw_field, stored) in stored() {
            // `total` of a field with the key `total@2` may be purged: its step reads it first.
            if stored.key != name_text {
                continue;
            }
            if stored.key == stored.base {
                let message = format!(
                    "`{name_text}` is reserved: an older version of `{}` has stored another value under this name; \
                     write another name, or another `key = \"...\"`",
                    raw.ident
                );
                match raw_field.attributes.key.value() {
                    Some(key) => errors.on(key, message),
                    None => errors.on(&raw_field.ident, message),
                }
            } else {
                let field = &raw_field.ident;
                errors.on(name, format!("`{name_text}` is the key of `{field}` today; remove it here"));
            }
        }
    }
    for name in &attributes.reserved {
        let name_text = name.value();
        if let Some((reader, _)) = stored().find(|(_, stored)| stored.history.keys().contains(&name_text)) {
            let message = format!(
                "`{name_text}` is still read by `{}`, which also reserves it; remove it here, or write it in \
                 `purge(...)` to delete it after it was read",
                reader.ident
            );
            errors.on(name, message);
        }
    }
    let keys: HashMap<&str, &RawField> = stored().map(|(raw, stored)| (stored.base.as_str(), raw)).collect();
    for (_, stored) in stored() {
        for was in &stored.history.was {
            if let Some(other) = keys.get(was.value().as_str()) {
                let message = format!(
                    "`{}` is the key of `{}` today, so it cannot be the older name of this field",
                    was.value(),
                    other.ident
                );
                errors.on(was, message);
            }
        }
    }
}
