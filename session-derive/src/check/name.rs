//! Collisions of names: methods, typed keys, stored keys.

use super::{Field, HashMap, Ident, RawField};
use crate::diag::Errors;
use crate::model::Stored;

/// The methods that every session has.
const LIFECYCLE: &[&str] = &[
    "login", "logout", "rotate", "destroy", "commit", "update", "detach", "id", "is_new", "get", "set", "reset",
    "problems", "validate",
];

pub(super) fn check(raw: &[RawField], fields: &mut [Field], validates: bool, errors: &mut Errors) {
    check_stored_keys(raw, fields, errors);
    check_constants(raw, fields, errors);
    check_accessors(raw, fields, validates, errors);
}

fn check_stored_keys(raw: &[RawField], fields: &[Field], errors: &mut Errors) {
    let mut taken: HashMap<&str, &RawField> = HashMap::new();
    for (raw, stored) in stored(raw, fields) {
        let key = stored.base.as_str();
        check_stored_key(raw, key, errors);
        if let Some(first) = taken.insert(key, raw) {
            let message = format!(
                "two fields are stored under the key `{key}`, this one and `{}`; write another `key = \"...\"`",
                first.ident
            );
            report(raw, message, errors);
        }
    }
}

fn check_stored_key(raw: &RawField, key: &str, errors: &mut Errors) {
    if let Some(problem) = key_problem(key) {
        report(raw, format!("{problem}; write another `key = \"...\"`"), errors);
    }
}

/// Why `key` cannot be a stored key.
pub(super) fn key_problem(key: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if key.is_empty() {
        Some("a stored key cannot be empty")
    } else if key.len() > 64 {
        Some("a stored key is at most 64 bytes long")
    } else if key.contains(['@', '.']) || key.starts_with('_') {
        Some("a stored key cannot contain `@` or `.`, or start with `_`: those are reserved")
    } else if !key.bytes().all(allowed) {
        Some("a stored key can only contain a-z, A-Z, 0-9, `_` and `-`")
    } else {
        None
    }
}

/// Reports at the written key, or else at the field.
fn report(raw: &RawField, message: String, errors: &mut Errors) {
    match raw.attributes.key.value() {
        Some(literal) => errors.on(literal, message),
        None => errors.on(&raw.ident, message),
    }
}

fn check_constants(raw: &[RawField], fields: &mut [Field], errors: &mut Errors) {
    let mut taken: HashMap<Ident, Ident> = HashMap::new();
    for (raw, field) in raw.iter().zip(fields) {
        let Some(stored) = &mut field.stored else { continue };
        let Some(constant) = stored.constant.take() else { continue };
        match taken.get(&constant) {
            Some(first) => errors.on(
                &raw.ident,
                format!("`{first}` and `{}` would both have the typed key `{constant}`; rename one of them", raw.ident),
            ),
            None => {
                taken.insert(constant.clone(), raw.ident.clone());
                // A type that was reported for its `&` would be reported once more in a constant.
                stored.constant = raw.borrow().is_none().then_some(constant);
            },
        }
    }
}

fn check_accessors(raw: &[RawField], fields: &mut [Field], validates: bool, errors: &mut Errors) {
    let mut taken: HashMap<Ident, Ident> = HashMap::new();
    for (raw, field) in raw.iter().zip(fields) {
        let Some(accessors) = field.accessors.take() else { continue };
        let at = raw.attributes.accessor.value().unwrap_or(&raw.ident);
        let is_lifecycle = |name: &&Ident| LIFECYCLE.iter().any(|method| **name == method);
        let lifecycle = accessors.all().find(|name| is_lifecycle(name) || validates && **name == "validate");
        let other = accessors.all().find_map(|name| Some((name, taken.get(name)?)));
        if let Some(name) = lifecycle {
            errors.on(
                at,
                format!(
                    "the accessor `{name}` would hide the method `{name}` of every session; keep the field's name and \
                     write `#[session(accessor = other_name)]`"
                ),
            );
        } else if let Some((name, other)) = other {
            errors.on(
                at,
                format!(
                    "the method `{name}` would be generated for `{other}` and for `{}`; write \
                     `#[session(accessor = other_name)]` on one of them",
                    raw.ident
                ),
            );
        } else {
            taken.extend(accessors.all().map(|name| (name.clone(), raw.ident.clone())));
            field.accessors = Some(accessors);
        }
    }
}

fn stored<'a>(raw: &'a [RawField], fields: &'a [Field]) -> impl Iterator<Item = (&'a RawField, &'a Stored)> {
    raw.iter().zip(fields).filter_map(|(raw, field)| Some((raw, field.stored.as_ref()?)))
}
