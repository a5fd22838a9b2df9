//! `upgrade(...)`: a step from the value that an older release has stored.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{LitInt, LitStr, Path, Token, Type, token};

use super::{Entry, Slot, drain, skip_to_comma, without_self};
use crate::diag::Errors;
use crate::keyword::{UPGRADE, unknown};

const KEYS: &str =
    "`from` expects stored keys and the types that they had, like `from(\"first\": String, \"last\": String)`";

/// A step as it was written.
pub(crate) struct RawUpgrade {
    pub(crate) version: LitInt,
    pub(crate) source: RawSource,
    pub(crate) with: Path,
    /// Whether it was `try_with`.
    pub(crate) fallible: bool,
}

/// Where a step takes its values from.
pub(crate) enum RawSource {
    /// The field itself, which had this type.
    Own(Box<Type>),
    /// Stored keys with the types that they had.
    Keys(Vec<(LitStr, Type)>),
}

#[derive(Default)]
struct Parts {
    version: Slot<LitInt>,
    source: Slot<RawSource>,
    with: Slot<Path>,
    try_with: Slot<Path>,
}

/// A step. `None` after a mistake that leaves no usable step; it is reported.
pub(super) fn parse(entry: &Entry<'_>, owner: &Ident, errors: &mut Errors) -> syn::Result<Option<RawUpgrade>> {
    let Entry { key, input, .. } = entry;
    if !input.peek(token::Paren) {
        let example = entry.example();
        return Err(syn::Error::new(key.span(), format!("`upgrade` needs parentheses; write `{example}`")));
    }
    let content;
    syn::parenthesized!(content in input);
    let mut parts = Parts::default();
    let before = errors.count();
    while !content.is_empty() {
        if let Err(error) = part(&content, &mut parts, owner, errors) {
            errors.add(error);
            skip_to_comma(&content);
        }
        if !content.is_empty() && content.parse::<Token![,]>().is_err() {
            errors.add(content.error("expected `,` before this"));
            drain(&content)?;
        }
    }
    // A part with a mistake is not reported as missing, too.
    let complete = errors.count() == before;
    Ok(assemble(key, parts, complete, errors))
}

fn part(content: ParseStream<'_>, parts: &mut Parts, owner: &Ident, errors: &mut Errors) -> syn::Result<()> {
    let Ok(key) = content.call(Ident::parse_any) else {
        return Err(content.error("expected one of `in`, `from`, `with`, `try_with`"));
    };
    match key.to_string().as_str() {
        "in" => parts.version.set(&key, after_equals(content, &key, "a version, like `in = 2`")?, errors),
        "from" => parts.source.set(&key, source(content, &key, owner)?, errors),
        "with" => {
            let path: Path = after_equals(content, &key, "the name of a function, like `with = convert`")?;
            parts.with.set(&key, without_self(path, owner), errors);
        },
        "try_with" => {
            let path: Path = after_equals(content, &key, "the name of a function, like `try_with = convert`")?;
            parts.try_with.set(&key, without_self(path, owner), errors);
        },
        name => return Err(syn::Error::new(key.span(), unknown("part of an upgrade", UPGRADE, name))),
    }
    Ok(())
}

fn after_equals<T: syn::parse::Parse>(content: ParseStream<'_>, key: &Ident, what: &str) -> syn::Result<T> {
    let expected = format!("`{key}` expects {what}");
    if content.parse::<Token![=]>().is_err() || content.is_empty() || content.peek(Token![,]) {
        return Err(syn::Error::new(key.span(), expected));
    }
    let at = content.span();
    content.parse().map_err(|_| syn::Error::new(at, expected))
}

/// `= Type`, or `("key": Type, ...)`.
fn source(content: ParseStream<'_>, key: &Ident, owner: &Ident) -> syn::Result<RawSource> {
    if !content.peek(token::Paren) {
        let ty: Type = after_equals(content, key, "the type that was stored, like `from = u32`")?;
        return Ok(RawSource::Own(Box::new(without_self(ty, owner))));
    }
    let keys;
    let parens = syn::parenthesized!(keys in content);
    let pairs = keys.parse_terminated(pair, Token![,]);
    drain(&keys)?;
    let pairs: Vec<_> = pairs?.into_iter().map(|(name, ty)| (name, without_self(ty, owner))).collect();
    match pairs.is_empty() {
        true => Err(syn::Error::new(parens.span.join(), KEYS)),
        false => Ok(RawSource::Keys(pairs)),
    }
}

fn pair(input: ParseStream<'_>) -> syn::Result<(LitStr, Type)> {
    let at = input.span();
    let wrong = |_| syn::Error::new(at, KEYS);
    let name = input.parse().map_err(wrong)?;
    input.parse::<Token![:]>().map_err(wrong)?;
    Ok((name, input.parse()?))
}

fn assemble(key: &Ident, parts: Parts, complete: bool, errors: &mut Errors) -> Option<RawUpgrade> {
    let Parts { version, source, with, try_with } = parts;
    let mut missing = |message: &str| {
        if complete {
            errors.add(syn::Error::new(key.span(), message));
        }
    };
    if !version.is_given() {
        missing("`upgrade(...)` needs `in = N`: the version in which the change was made");
    }
    if !source.is_given() {
        missing("`upgrade(...)` needs `from = OldType`, or `from(\"key\": OldType, ...)` for values under other keys");
    }
    if !with.is_given() && !try_with.is_given() {
        missing("a type change needs `with = fn(Old) -> New`, or `try_with = fn(Old) -> Result<New, E>`");
    }
    if let (true, Some(second)) = (with.is_given(), try_with.get()) {
        let message = "`with` and `try_with` exclude each other; remove one of them";
        errors.add(syn::Error::new(second.key.span(), message));
    }
    let fallible = !with.is_given();
    let with = with.into_value().or(try_with.into_value())?;
    Some(RawUpgrade { version: version.into_value()?, source: source.into_value()?, with, fallible })
}
