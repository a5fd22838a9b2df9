//! The settings of the struct: name, version, lifetimes, path of the runtime crate.

use super::{LitStr, Path, Raw, Slot};
use crate::diag::Errors;
use syn::ext::IdentExt as _;

/// The defaults of the runtime's `Schema`, in seconds.
const DEFAULT_IDLE: u64 = 30 * 60;
const DEFAULT_ABSOLUTE: u64 = 12 * 60 * 60;
/// Browsers limit the lifetime of a cookie to 400 days (RFC 6265bis), in seconds.
const LONGEST: u64 = 400 * 24 * 60 * 60;

pub(super) struct Settings {
    pub(super) krate: Path,
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) idle: Option<u64>,
    pub(super) absolute: Option<u64>,
}

pub(super) fn check(raw: &Raw<'_>, errors: &mut Errors) -> Settings {
    let idle = duration(&raw.attributes.idle, errors);
    let absolute = duration(&raw.attributes.absolute, errors);
    check_order(raw, idle, absolute, errors);
    Settings { krate: crate_path(raw, errors), name: name(raw, errors), version: version(raw, errors), idle, absolute }
}

fn version(raw: &Raw<'_>, errors: &mut Errors) -> u32 {
    let Some(literal) = raw.attributes.version.value() else { return 1 };
    match literal.base10_parse::<u16>() {
        Ok(0) => errors.on(literal, "versions start at 1; write `version = 1`, or remove it"),
        Ok(version) => return version.into(),
        Err(_) => errors.on(literal, "versions go from 1 to 65535; write `version = 2`, for example"),
    }
    1
}

fn name(raw: &Raw<'_>, errors: &mut Errors) -> String {
    const RULE: &str =
        "a session name is part of the stored form and can only contain a-z, 0-9, `_` and `-`, at most 64 of them";
    let is_name = |name: &str| {
        let letters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
        letters && !name.is_empty() && name.len() <= 64
    };
    if let Some(literal) = raw.attributes.name.value() {
        let name = literal.value();
        if !is_name(&name) {
            errors.on(literal, format!("{RULE}; write `name = \"shop\"`, for example"));
        }
        return name;
    }
    let name = snake_case(&raw.ident.unraw().to_string());
    if !is_name(&name) {
        errors.on(raw.ident, format!("{RULE}, which `{name}` does not fulfil; write `#[session(name = \"...\")]`"));
    }
    name
}

/// `HttpShop` and `HTTPShop` to `http_shop`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                *before != '_' && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn crate_path(raw: &Raw<'_>, errors: &mut Errors) -> Path {
    krate(&raw.attributes.krate, errors)
}

/// The path of `crate = "..."`, or `::session`.
pub(crate) fn krate(slot: &Slot<LitStr>, errors: &mut Errors) -> Path {
    let Some(literal) = slot.value() else { return syn::parse_quote!(::session) };
    let Ok(path) = literal.parse_with(Path::parse_mod_style) else {
        errors.on(literal, "this is not a path; write `crate = \"::session\"`, or another path of the crate");
        return syn::parse_quote!(::session);
    };
    let absolute =
        path.leading_colon.is_some() || path.segments.first().is_some_and(|segment| segment.ident == "crate");
    if !absolute {
        let given = literal.value();
        errors.on(
            literal,
            format!(
                "`crate` must be an absolute path, which begins with `::` or `crate::`: a relative path has another \
                 meaning in each module; write `crate = \"::{given}\"` or `crate = \"crate::{given}\"`"
            ),
        );
    }
    path
}

/// The duration in seconds.
fn duration(slot: &Slot<LitStr>, errors: &mut Errors) -> Option<u64> {
    let spanned = slot.get()?;
    let (key, literal) = (&spanned.key, &spanned.value);
    let text = literal.value();
    let Some((number, unit)) = split(&text) else {
        errors.on(literal, "not a duration; write a number and a unit s, m, h or d, like \"15m\"");
        return None;
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(0) => errors.on(
            literal,
            format!(
                "`{key}` must be longer than 0, or every session ends at once; write `{key} = \"15m\"`, for example"
            ),
        ),
        Some(seconds) if seconds <= LONGEST => return Some(seconds),
        _ => errors.on(
            literal,
            format!(
                "`{key}` is at most 400 days, the longest lifetime of a cookie in browsers; write `{key} = \
                \"400d\"`"
            ),
        ),
    }
    None
}

/// The number, and the unit in seconds.
fn split(text: &str) -> Option<(&str, u64)> {
    let unit = text.chars().next_back()?;
    let number = text.strip_suffix(unit)?;
    let unit = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((number, unit))
}

fn check_order(raw: &Raw<'_>, idle: Option<u64>, absolute: Option<u64>, errors: &mut Errors) {
    let (idle_slot, absolute_slot) = (&raw.attributes.idle, &raw.attributes.absolute);
    if idle.unwrap_or(DEFAULT_IDLE) <= absolute.unwrap_or(DEFAULT_ABSOLUTE) {
        return;
    }
    match (idle_slot.value().filter(|_| idle.is_some()), absolute_slot.value()) {
        (Some(literal), Some(_)) if absolute.is_some() => {
            errors.on(literal, "`idle` is longer than `absolute`, so it would have no effect; write a shorter one");
        },
        (Some(literal), None) => errors.on(
            literal,
            "`idle` is longer than `absolute`, which is \"12h\" by default; also write `absolute = \"...\"`",
        ),
        (None, Some(literal)) if !idle_slot.is_given() => errors
            .on(literal, "`absolute` is shorter than `idle`, which is \"30m\" by default; also write `idle = \"...\"`"),
        // One of them has been reported already.
        _ => {},
    }
}
