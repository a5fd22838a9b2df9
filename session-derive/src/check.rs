//! Raw to model: what no single attribute can know.

use std::collections::HashMap;

use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{Path, Type};

use crate::diag::Errors;
use crate::keyword;
use crate::model::{Conflict, Field, Model, Stored, Survive, option, snake_case};
use crate::parse::{Container, RawField, Survive as RawSurvive};

const IDLE: u64 = 30 * 60;
const ABSOLUTE: u64 = 12 * 60 * 60;
/// One bit each in the mask of touched fields.
const MOST_FIELDS: usize = 128;

/// A setting that makes no sense is noted and left out, so that the rest can be expanded.
pub(crate) fn check(raw: Container, errors: &mut Errors) -> Option<Model> {
    lifetimes(&raw, errors);
    let mut model = Model {
        name: raw.name.value().map_or_else(|| snake_case(&raw.ident.unraw().to_string()), syn::LitStr::value),
        version: raw.version.value().copied().unwrap_or(1),
        idle: raw.idle.value().map(|(seconds, _)| *seconds),
        absolute: raw.absolute.value().map(|(seconds, _)| *seconds),
        krate: raw.krate.value().cloned().unwrap_or_else(default_crate),
        ident: raw.ident,
        vis: raw.vis,
        fields: Vec::new(),
        hollow: false,
    };
    let mut stored = 0;
    for raw in raw.fields {
        field_alone(&raw, errors);
        let field = resolve(raw, stored);
        stored += usize::from(field.stored.is_some());
        model.fields.push(field);
    }
    if stored == 0 {
        errors.at(
            &model.ident,
            format!("`{}` has no stored fields: a session type needs at least one that is not `skip`", model.ident),
        );
    }
    if let Some(field) = model.fields.iter().filter(|field| field.stored.is_some()).nth(MOST_FIELDS) {
        errors.at(
            &field.ident,
            format!("a session type can store {MOST_FIELDS} fields; put some of them in a struct of their own"),
        );
    }
    keys(&model, errors);
    names(&mut model, errors);
    users(&mut model, errors);
    Some(model)
}

pub(crate) fn default_crate() -> Path {
    syn::parse_quote!(::session)
}

fn lifetimes(raw: &Container, errors: &mut Errors) {
    let idle = raw.idle.value().map_or(IDLE, |(seconds, _)| *seconds);
    let absolute = raw.absolute.value().map_or(ABSOLUTE, |(seconds, _)| *seconds);
    if idle > absolute {
        let at = raw.idle.value().or(raw.absolute.value());
        let hint = match (raw.idle.is_set(), raw.absolute.is_set()) {
            (true, false) => "; the default `absolute` is \"12h\", set a longer one",
            (false, true) => "; the default `idle` is \"30m\", set a shorter one",
            _ => "; swap them, or make `idle` shorter",
        };
        errors.at(at.map(|(_, text)| text), format!("the idle timeout is longer than the absolute one{hint}"));
    }
}

/// What is wrong with a field whatever the others are.
fn field_alone(raw: &RawField, errors: &mut Errors) {
    if let Some(cfg) = &raw.cfg {
        errors.at(cfg, "a session field cannot be `#[cfg]`-gated: the stored fields would differ between builds; keep the field and gate its use");
    }
    if let Some(reference) = reference(&raw.ty) {
        errors.at(reference, "session types must own their data: a borrowed value cannot be loaded from a store\nuse `String` for `&str`, `Vec<T>` for `&[T]`");
    }
    let optional = option(&raw.ty).is_some();
    if raw.flash.is_set() && !optional {
        errors.at(&raw.ty, "a `flash` field must be an `Option<T>`: it is `None` once it was read");
    }
    if raw.user.is_set() && !optional {
        errors.at(&raw.ty, "a `user` field must be an `Option<T>`: `None` is a visitor who is not logged in");
    }
    let settings = [
        ("key", raw.key.key()),
        ("user", raw.user.key()),
        ("rotate", raw.rotate.key()),
        ("survive", raw.survive.key()),
        ("flash", raw.flash.key()),
        ("conflict", raw.conflict.key()),
        ("merge", raw.merge.key()),
    ];
    let given = |name: &str| settings.iter().find(|(known, _)| *known == name).and_then(|(_, key)| *key);
    if raw.skip.is_set() {
        for (name, key) in settings {
            if let Some(key) = key {
                errors.at(
                    key,
                    format!("`skip` means the field is never stored, so `{name}` has no effect; remove one of them"),
                );
            }
        }
        return;
    }
    for (one, other, why) in [
        ("flash", "merge", "a flash value is read once, there is nothing to merge"),
        ("conflict", "merge", "a field either merges or rejects"),
        ("user", "merge", "two logins cannot be merged"),
        ("user", "flash", "who is logged in is not read once"),
        ("user", "survive", "a login and a logout set it themselves"),
        ("user", "rotate", "a change of `user` rotates the id already"),
        ("rotate", "merge", "a change that rotates the id is never merged"),
        ("rotate", "flash", "reading the value would rotate the id"),
    ] {
        if let (Some(_), Some(key)) = (given(one), given(other)) {
            errors.at(key, format!("`{one}` and `{other}` exclude each other: {why}; remove one of them"));
        }
    }
}

fn resolve(raw: RawField, index: usize) -> Field {
    let name = raw.ident.unraw().to_string();
    let stored = (!raw.skip.is_set()).then(|| Stored {
        index,
        key: raw.key.value().map_or_else(|| name.clone(), syn::LitStr::value),
        user: raw.user.is_set() && option(&raw.ty).is_some(),
        rotate: raw.rotate.is_set(),
        survive: match raw.survive.value() {
            None => Survive::Neither,
            Some(RawSurvive::Login) => Survive::Login,
            Some(RawSurvive::Both) => Survive::Both,
        },
        conflict: match (raw.merge.value(), raw.conflict.is_set()) {
            (Some(merge), _) => Conflict::Merge(merge.clone()),
            (None, true) => Conflict::Reject,
            (None, false) => Conflict::LastWriter,
        },
    });
    Field {
        accessor: raw.accessor.value().map_or_else(|| name.clone(), |accessor| accessor.unraw().to_string()),
        default: raw.default.value().cloned(),
        into: raw.into.is_set(),
        ident: raw.ident,
        vis: raw.vis,
        ty: raw.ty,
        docs: raw.docs,
        name,
        stored,
    }
}

fn keys(model: &Model, errors: &mut Errors) {
    let mut seen = HashMap::new();
    for field in &model.fields {
        let Some(stored) = &field.stored else {
            continue;
        };
        if let Some(earlier) = seen.insert(&stored.key, &field.name) {
            errors.at(
                &field.ident,
                format!(
                    "two fields are stored under the key `{}`: `{earlier}` and `{}`; give one another `key = \"...\"`",
                    stored.key, field.name
                ),
            );
        }
    }
}

/// Names of emitted methods and keys must not meet. A field whose names do gets none.
fn names(model: &mut Model, errors: &mut Errors) {
    let mut taken: HashMap<String, String> = HashMap::new();
    let mut constants: HashMap<String, String> = HashMap::new();
    let handle = format!("{}Session", model.ident.unraw());
    for field in &mut model.fields {
        let accessor = field.accessor.clone();
        if keyword::METHODS.contains(&&*accessor) {
            errors.at(&field.ident, format!("an accessor called `{accessor}` would hide the method `{handle}::{accessor}`; keep the field and add `#[session(accessor = other_name)]`"));
            field.accessor = format!("{accessor}_field");
            continue;
        }
        let mut methods = vec![accessor.clone(), format!("set_{accessor}"), format!("{accessor}_mut")];
        methods.extend(field.option().map(|_| format!("take_{accessor}")));
        methods.extend(field.is_counter().then(|| format!("add_{accessor}")));
        for method in methods {
            if let Some(earlier) = taken.insert(method.clone(), field.name.clone()) {
                errors.at(&field.ident, format!("the fields `{earlier}` and `{}` would both get a method `{method}`; add `#[session(accessor = other_name)]` to one of them", field.name));
                field.accessor = format!("{accessor}_field");
                break;
            }
        }
        let constant = field.name.to_uppercase();
        if field.stored.is_some()
            && let Some(earlier) = constants.insert(constant.clone(), field.name.clone())
        {
            errors.at(
                &field.ident,
                format!(
                    "the fields `{earlier}` and `{}` would both get the key `{constant}`; rename one of them",
                    field.name
                ),
            );
            field.stored = None;
        }
    }
}

fn users(model: &mut Model, errors: &mut Errors) {
    let mut first = true;
    for field in &mut model.fields {
        let Some(stored) = field.stored.as_mut().filter(|stored| stored.user) else {
            continue;
        };
        if !first {
            errors.at(&field.ident, "only one field can be the `user` of a session; mark other rights with `rotate`");
            stored.user = false;
        }
        first = false;
    }
}

/// The first reference anywhere in a type.
fn reference(ty: &Type) -> Option<&dyn ToTokens> {
    match ty {
        Type::Reference(reference) => Some(reference),
        Type::Path(path) => path.path.segments.iter().find_map(|segment| match &segment.arguments {
            syn::PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    syn::GenericArgument::Type(inner) => reference(inner),
                    _ => None,
                })
            },
            _ => None,
        }),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(reference),
        Type::Array(array) => reference(&array.elem),
        Type::Slice(slice) => reference(&slice.elem),
        Type::Paren(paren) => reference(&paren.elem),
        Type::Group(group) => reference(&group.elem),
        _ => None,
    }
}
