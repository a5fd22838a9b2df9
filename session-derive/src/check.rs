//! Raw to model: checks each part and the parts against each other. Every mistake is reported. The model is made in any
//! case: the stub is expanded from it.

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Data, Fields, GenericArgument, GenericParam, LitInt, LitStr, Path, PathArguments, Type};

use crate::diag::Errors;
use crate::model::{Accessors, Default, Field, Lock, Merge, Model, Role, Stored, Survive};
use crate::parse::{Raw, RawField, RawLock, RawMerge, Slot, is_plain_literal, peel};
use crate::spelling::spelled;

mod evolution;
mod history;
mod name;
mod settings;

pub(crate) use self::settings::{krate, snake_case};

/// The runtime marks changed fields in a `u128`.
const MOST_FIELDS: usize = 128;

/// Attributes that exclude each other, with the reason. The later of the two is reported.
const CONFLICTS: &[(&str, &str, &str)] = &[
    ("flash", "merge", "a `flash` field is read once, so it cannot be merged"),
    ("user", "merge", "two logins cannot be merged"),
    ("user", "flash", "a `flash` field is removed when it is read, and a `user` field must stay"),
    ("user", "survive", "login and logout set the `user` field, so it cannot `survive` them"),
    ("user", "default", "a new session has no user, so the default of a `user` field is `None`"),
    ("rotate", "merge", "rights cannot be merged"),
    ("rotate", "flash", "a `flash` field is removed when it is read, and a `rotate` field must stay"),
    ("rotate", "survive", "rights belong to the user, so a `rotate` field cannot `survive` login and logout"),
    ("user", "was", "old code would not see a logout under another key: keep the key with `key = \"old_name\"`"),
    (
        "rotate",
        "was",
        "old code would not see a revoked right under another key: keep the key with `key = \"old_name\"`",
    ),
    ("user", "on_corrupt", "an unreadable `user` field always fails the load: it must not read as logged out"),
    ("rotate", "on_corrupt", "an unreadable `rotate` field always fails the load: it must not read as another right"),
    ("conflict", "merge", "`merge` resolves the conflicts that `conflict = \"reject\"` refuses"),
];

/// The model of `raw`. `None` if a stub would not compile either.
pub(crate) fn check(raw: &Raw<'_>, errors: &mut Errors) -> Option<Model> {
    check_shape(raw, errors);
    let generic = check_generics(raw, errors);
    let settings = settings::check(raw, errors);
    for field in &raw.fields {
        check_field(field, errors);
    }
    check_one_user(&raw.fields, errors);
    let evolution = evolution::check(raw, settings.version, errors);
    let mut stored = 0;
    let mut fields: Vec<Field> =
        raw.fields.iter().map(|field| model(field, settings.version, &mut stored, errors)).collect();
    name::check(&raw.fields, &mut fields, evolution.validate.is_some(), errors);
    history::check(raw, &fields, errors);
    let handle = format_ident!("{}Session", raw.ident.unraw(), span = raw.ident.span());
    let model = Model {
        vis: raw.vis.clone(),
        ident: raw.ident.clone(),
        handle,
        krate: settings.krate,
        name: settings.name,
        version: settings.version,
        version_span: raw.attributes.version.value().map_or_else(|| raw.ident.span(), LitInt::span),
        lock: match raw.attributes.lock.value() {
            None => Lock::Implicit,
            Some(RawLock::Off) => Lock::Off,
            Some(RawLock::Path(path)) => Lock::Path(path.clone()),
        },
        idle: settings.idle,
        absolute: settings.absolute,
        evolution,
        fields,
    };
    (!generic).then_some(model)
}

fn check_shape(raw: &Raw<'_>, errors: &mut Errors) {
    let name = raw.ident;
    let not_a_struct = format!("`#[derive(Session)]` works on structs; make `{name}` the type of a field of one");
    match raw.data {
        Data::Enum(data) => errors.on(data.enum_token, not_a_struct),
        Data::Union(data) => errors.on(data.union_token, not_a_struct),
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) => errors.on(
                fields,
                format!(
                    "`#[derive(Session)]` needs named fields, because each value is stored under its field's name; \
                     write `struct {name} {{ value: ... }}`"
                ),
            ),
            fields if fields.is_empty() => {
                errors.on(name, format!("`{name}` has no fields; a session type needs at least one"));
            },
            _ => {},
        },
    }
}

fn check_generics(raw: &Raw<'_>, errors: &mut Errors) -> bool {
    let name = raw.ident;
    for param in &raw.generics.params {
        match param {
            GenericParam::Lifetime(param) => errors.on(
                &param.lifetime,
                format!(
                    "session types must own their data; remove the lifetime `{}` (use `String` for `&str`, \
                     `Vec<T>` for `&[T]`)",
                    param.lifetime
                ),
            ),
            GenericParam::Type(syn::TypeParam { ident, .. }) | GenericParam::Const(syn::ConstParam { ident, .. }) => {
                errors.on(
                    ident,
                    format!(
                        "session types cannot be generic: the stored form of `{name}` must be one fixed list of \
                         fields; write a concrete type for `{ident}`"
                    ),
                );
            },
        }
    }
    !raw.generics.params.is_empty()
}

/// Checks one field by itself.
fn check_field(field: &RawField, errors: &mut Errors) {
    let attributes = &field.attributes;
    if let Some(cfg) = &field.cfg {
        errors.on(
            cfg,
            "a session field cannot be under `#[cfg]`: the stored form would differ between builds; keep the field, \
             and put its use under `#[cfg]`",
        );
    }
    let skip = attributes.skip.is_given();
    if let Some(borrow) = field.borrow().filter(|_| !skip) {
        errors.on(
            borrow,
            "session types must own their data: a borrowed value cannot be loaded from a store; use `String` for \
             `&str`, `Vec<T>` for `&[T]`",
        );
    }
    check_conflicts(field, errors);
    let option = option_of(&field.ty).is_some();
    if attributes.user.is_given() && !option {
        let ty = spelled(&field.ty);
        errors.on(
            &field.ty,
            format!("a `user` field must be an `Option`: it is `None` without a login; write `Option<{ty}>`"),
        );
    }
    if attributes.flash.is_given() && !option {
        let ty = spelled(&field.ty);
        errors.on(
            &field.ty,
            format!("a `flash` field must be an `Option`: it is `None` after it was read; write `Option<{ty}>`"),
        );
    }
    if let Some(rule) = attributes.conflict.value().filter(|rule| rule.value() != "reject") {
        errors.on(
            rule,
            format!(
                "unknown conflict rule `{}`; the only one is `conflict = \"reject\"`, and without it the later commit \
                 wins",
                rule.value()
            ),
        );
    }
}

fn check_conflicts(field: &RawField, errors: &mut Errors) {
    let find = |name: &str| field.given.iter().enumerate().find(|(_, key)| *key == name);
    for (one, other, reason) in CONFLICTS {
        if let (Some(one), Some(other)) = (find(one), find(other)) {
            let (earlier, later) = if one.0 < other.0 { (one.1, other.1) } else { (other.1, one.1) };
            errors.on(later, format!("{reason}; remove `{earlier}` or `{later}`"));
        }
    }
    if find("skip").is_none() {
        return;
    }
    let stored_only = [
        "key",
        "user",
        "rotate",
        "survive",
        "flash",
        "conflict",
        "merge",
        "since",
        "was",
        "upgrade",
        "on_corrupt",
        "opaque",
        "sample",
    ];
    for key in field.given.iter().filter(|key| stored_only.iter().any(|name| *key == name)) {
        errors.on(key, format!("a `skip` field is never stored, so `{key}` has no effect; remove one of them"));
    }
}

fn check_one_user(fields: &[RawField], errors: &mut Errors) {
    let users = fields.iter().filter_map(|field| Some((field, field.attributes.user.get()?)));
    let mut first: Option<&RawField> = None;
    for (field, user) in users {
        match first {
            None => first = Some(field),
            Some(first) => errors.on(
                &user.key,
                format!(
                    "only one field can be the `user`, and `{}` is; write `rotate` on this one if it is a right",
                    first.ident
                ),
            ),
        }
    }
}

fn model(field: &RawField, version: u32, stored: &mut usize, errors: &mut Errors) -> Field {
    let attributes = &field.attributes;
    let docs = &field.docs;
    let merge = merge(field, errors);
    let inner = option_of(&field.ty).cloned();
    let default = match attributes.default.value() {
        None => Default::Trait,
        Some(expr) if is_plain_literal(expr) => Default::Literal(expr.clone()),
        Some(expr) => Default::Expr(expr.clone()),
    };
    let accessors = accessors(field, inner.is_some(), matches!(merge, Merge::Counter));
    let stored = (!attributes.skip.is_given()).then(|| {
        let index = *stored;
        *stored += 1;
        if index == MOST_FIELDS {
            errors.on(
                &field.ident,
                format!(
                    "a session has at most {MOST_FIELDS} stored fields; put some of them into a struct that is one \
                     field"
                ),
            );
        }
        let role = match (attributes.user.is_given(), attributes.rotate.is_given()) {
            (true, _) => Role::User,
            (false, true) => Role::Right,
            (false, false) => Role::Plain,
        };
        let upper = field.name().to_uppercase();
        let base = attributes.key.value().map_or_else(|| field.name(), LitStr::value);
        let history = history::of(field, &base, version, errors);
        Stored {
            index,
            key: history::current_key(&base, &history),
            base,
            constant: Some(Ident::new(&upper, field.ident.span())),
            role,
            flash: attributes.flash.is_given(),
            survive: attributes.survive.value().copied().unwrap_or(Survive::Neither),
            merge,
            rejects: history::rejects(field, errors),
            since: history::since(field, version, errors),
            history,
            opaque: attributes.opaque.is_given(),
            sample: attributes.sample.value().cloned(),
        }
    });
    Field {
        name: field.name(),
        ident: field.ident.clone(),
        vis: field.vis.clone(),
        ty: field.ty.clone(),
        inner,
        docs: quote::quote!(#(#docs)*),
        default,
        copy: is_primitive(&field.ty),
        into: attributes.into.is_given() || is_string(&field.ty),
        accessors: Some(accessors),
        stored,
    }
}

fn merge(field: &RawField, errors: &mut Errors) -> Merge {
    let attributes = &field.attributes;
    match attributes.merge.value() {
        None if attributes.conflict.is_given() => Merge::Reject,
        None => Merge::LastWriter,
        Some(RawMerge::Counter) => Merge::Counter,
        Some(RawMerge::Union) => Merge::Union,
        Some(RawMerge::Max) => Merge::Max,
        Some(RawMerge::Min) => Merge::Min,
        Some(RawMerge::With(path)) => Merge::With(path.clone()),
        Some(RawMerge::Log(cap)) => {
            match cap.base10_parse::<u32>().map(usize::try_from) {
                Ok(Ok(0)) => {
                    errors.on(cap, "a log of 0 items is always empty; write `merge = log(50)` to keep the newest 50");
                },
                Ok(Ok(cap)) => return Merge::Log(cap),
                _ => errors
                    .on(cap, "this is more items than a list can hold; write `merge = log(50)` to keep the newest 50"),
            }
            Merge::LastWriter
        },
    }
}

fn accessors(field: &RawField, option: bool, counter: bool) -> Accessors {
    let attributes = &field.attributes;
    let get = attributes.accessor.value().unwrap_or(&field.ident).clone();
    let name = get.unraw();
    let span = get.span();
    let named = |prefix: &str, suffix: &str| format_ident!("{prefix}{name}{suffix}", span = span);
    Accessors {
        set: named("set_", ""),
        borrow: named("", "_mut"),
        take: (option || attributes.flash.is_given()).then(|| named("take_", "")),
        add: counter.then(|| named("add_", "")),
        get,
    }
}

/// The `T` of an `Option<T>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peel(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if arguments.args.len() == 1 => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })
        },
        _ => None,
    }
}

/// Whether `ty` is written as a primitive type, which the getter returns by value.
fn is_primitive(ty: &Type) -> bool {
    const NAMES: &[&str] = &[
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "bool",
        "char",
    ];
    is_spelled(ty, NAMES, "primitive")
}

fn is_string(ty: &Type) -> bool {
    is_spelled(ty, &["String"], "string")
}

/// `name`, or `::std::module::name`.
fn is_spelled(ty: &Type, names: &[&str], module: &str) -> bool {
    let Type::Path(path) = peel(ty) else { return false };
    let words: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [name] => names.contains(name),
        ["core" | "std" | "alloc", within, name] => *within == module && names.contains(name),
        _ => false,
    }
}
