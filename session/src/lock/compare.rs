//! What must hold of a field's shape, as constants: a panic here is a compile error at the field.

use super::message::Message;
use crate::shape::{Member, Shape, ShapeText, Tagging, Variant, same_str, same_text};

/// The locked version has `locked` under `key`, and the code of that version still does.
///
/// # Panics
///
/// If not: a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn same(key: &str, now: &Shape, named: bool, locked: &str, version: u32) {
    let now = render(now, named);
    if !same_text(&now, locked) {
        let message = Message::new()
            .put("field `")
            .put(key)
            .put("` no longer matches version ")
            .number(version)
            .put(" in the schema lock\n  locked: ")
            .put(locked)
            .put("\n     now: ")
            .put(now.as_str())
            .put("\nset `version = ")
            .number(version + 1)
            .put("`; if the old form cannot be read as the new one, add an `upgrade`. If version ")
            .number(version)
            .put(" was never released: `SESSION_LOCK=rewrite cargo test`");
        panic!("{}", message.as_str());
    }
}

/// The version before has `locked` under `key`, and this one and that one can read each other's values.
///
/// # Panics
///
/// If not: a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn kept(key: &str, now: &Shape, named: bool, locked: (&str, &Shape), version: u32) {
    let text = render(now, named);
    if same_text(&text, locked.0) || named && compatible(locked.1, now) {
        return;
    }
    let why = if named {
        "`, which cannot read each other's values\na new member needs a `#[serde(default)]`, and nothing else may change under the same key; "
    } else {
        "`, and a codec without names cannot tell one from the other\n"
    };
    let message = Message::new()
        .put("field `")
        .put(key)
        .put("` was `")
        .put(locked.0)
        .put("` in version ")
        .number(version)
        .put(" and is `")
        .put(text.as_str())
        .put(why)
        .put("write `upgrade(in = ")
        .number(version + 1)
        .put(", from = OldType, with = convert)`, which gives the field a key of its own");
    panic!("{}", message.as_str());
}

/// Version `version` has `locked` under the older name `key`, and a field reads that.
///
/// # Panics
///
/// If it cannot: a compile error.
#[track_caller]
pub const fn renamed(key: &str, now: &Shape, named: bool, locked: (&str, &Shape), version: u32) {
    if !(named && compatible(locked.1, now)) {
        source(key, now, named, locked.0, version);
    }
}

/// Version `version` has `locked` under `key`, and an upgrade reads that.
///
/// # Panics
///
/// If not: a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn source(key: &str, from: &Shape, named: bool, locked: &str, version: u32) {
    let from_text = render(from, named);
    if matches!(from, Shape::Opaque(_) | Shape::Described(_)) || same_text(&from_text, locked) {
        return;
    }
    let message = Message::new()
        .put("this reads key `")
        .put(key)
        .put("` as `")
        .put(from_text.as_str())
        .put("`, but version ")
        .number(version)
        .put(" has stored `")
        .put(locked)
        .put("`");
    panic!("{}", message.as_str());
}

/// The text that the lock has for `shape`. A codec that writes no names depends on the order of members.
#[track_caller]
pub(super) const fn render(shape: &Shape, named: bool) -> ShapeText {
    if named { shape.text() } else { shape.ordered_text() }
}

/// Whether code with the shape `new` can read what code with `old` has written, and the other way round, if values carry the
/// names of their members.
const fn compatible(old: &Shape, new: &Shape) -> bool {
    match (old, new) {
        (Shape::Optional(old), Shape::Optional(new))
        | (Shape::Seq(old), Shape::Seq(new))
        | (Shape::Set(old), Shape::Set(new))
        | (Shape::Redacted(old), Shape::Redacted(new))
        | (Shape::Recursive { shape: old, .. }, Shape::Recursive { shape: new, .. }) => compatible(old, new),
        (Shape::Array(old, old_len), Shape::Array(new, new_len)) => *old_len == *new_len && compatible(old, new),
        (Shape::Map { key: old_key, value: old }, Shape::Map { key: new_key, value: new }) => {
            compatible(old_key, new_key) && compatible(old, new)
        },
        (Shape::Tuple(old), Shape::Tuple(new)) => compatible_tuples(old, new),
        (Shape::Struct(old), Shape::Struct(new)) => reads(old, new) && reads(new, old) && demands_no_more(old, new),
        (Shape::Enum { tagging: old_tagging, variants: old }, Shape::Enum { tagging: new_tagging, variants: new }) => {
            same_tagging(*old_tagging, *new_tagging) && has_variants(old, new)
        },
        (Shape::Back(_), Shape::Back(_)) => true,
        // What has no parts is the same or another.
        _ => is_leaf(old) && is_leaf(new) && same_text(&old.text(), new.text().as_str()),
    }
}

const fn is_leaf(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Unit
            | Shape::Bool
            | Shape::Integer(_)
            | Shape::Float(_)
            | Shape::Char
            | Shape::Str
            | Shape::Bytes
            | Shape::Text { .. }
            | Shape::Opaque(_)
            | Shape::Described(_)
    )
}

const fn compatible_tuples(mut old: &[&Shape], mut new: &[&Shape]) -> bool {
    while let ([a, old_rest @ ..], [b, new_rest @ ..]) = (old, new) {
        if !compatible(a, b) {
            return false;
        }
        (old, new) = (old_rest, new_rest);
    }
    old.is_empty() && new.is_empty()
}

/// Whether a reader that knows the members `known` can do with what has the members `written`: what both have is compatible, and
/// what is not written can be missing.
const fn reads(written: &[Member], mut known: &[Member]) -> bool {
    while let [member, rest @ ..] = known {
        known = rest;
        let fits = match find_member(written, member.name) {
            Some(other) => compatible(other.shape, member.shape),
            None => member.optional || matches!(member.shape, Shape::Optional(_)),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether what could be missing in `old` still can be in `new`: there are values that lack it.
const fn demands_no_more(mut old: &[Member], new: &[Member]) -> bool {
    while let [member, rest @ ..] = old {
        old = rest;
        if let Some(other) = find_member(new, member.name)
            && member.optional
            && !other.optional
            && !matches!(other.shape, Shape::Optional(_))
        {
            return false;
        }
    }
    true
}

const fn find_member<'a>(mut members: &'a [Member], name: &str) -> Option<&'a Member> {
    while let [member, rest @ ..] = members {
        if same_str(member.name, name) {
            return Some(member);
        }
        members = rest;
    }
    None
}

/// Whether everything that could be written can still be read. New variants are unknown to older code, which keeps their bytes.
const fn has_variants(mut old: &[Variant], new: &[Variant]) -> bool {
    while let [variant, rest @ ..] = old {
        old = rest;
        let mut candidates = new;
        let mut found = false;
        while let [candidate, others @ ..] = candidates {
            candidates = others;
            if same_str(candidate.name, variant.name) {
                found = match (variant.content, candidate.content) {
                    (None, None) => true,
                    (Some(old), Some(new)) => compatible(old, new),
                    _ => false,
                };
            }
        }
        if !found {
            return false;
        }
    }
    true
}

const fn same_tagging(old: Tagging, new: Tagging) -> bool {
    match (old, new) {
        (Tagging::External, Tagging::External) => true,
        (Tagging::Internal { tag: old }, Tagging::Internal { tag: new }) => same_str(old, new),
        (Tagging::Adjacent { tag: a, content: b }, Tagging::Adjacent { tag: c, content: d }) => {
            same_str(a, c) && same_str(b, d)
        },
        _ => false,
    }
}
