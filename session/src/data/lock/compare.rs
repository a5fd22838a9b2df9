//! What must hold of a field's shape, as constants: a panic here is a compile error at the field.

use super::compatible::compatible;
use super::message::Message;
use crate::data::shape::{Shape, ShapeText, same_text};

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
        "`, and one of them loses what the other has stored\na new member needs a `#[serde(default)]`, a renamed one an `alias` \
         besides, and nothing else may change under the same key, so that nothing is dropped unseen; "
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
