//! Assertions about the shape of a field and a release in the schema lock.
//!
//! They are evaluated in constants that the derive emits, at the span of the field's type: a panic is a compile error
//! there.

use super::compatible::compatible;
use super::message::Message;
use crate::data::shape::{Shape, ShapeText, same_text};

/// Checks that the field `key` still has the shape that version `version`, which is also the version of the code, has
/// in the lock.
///
/// # Panics
///
/// If it has another one. In a constant this is a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_unchanged(key: &str, now: &Shape, named: bool, locked: &str, version: u32) {
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
            .put("`, and add an `upgrade` if the new type cannot read values of the old one; if version ")
            .number(version)
            .put(" was never released, run `SESSION_LOCK=rewrite cargo test`");
        panic!("{}", message.as_str());
    }
}

/// Checks that the field `key` and version `version`, the one before the version of the code, can read each other's
/// values. `locked` is the field in the lock, as text and as a shape.
///
/// # Panics
///
/// If they cannot. In a constant this is a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_compatible(key: &str, now: &Shape, named: bool, locked: (&str, &Shape), version: u32) {
    let text = render(now, named);
    if same_text(&text, locked.0) || named && compatible(locked.1, now) {
        return;
    }
    let reason = if named {
        "`: values that one of the two versions writes would lose data when the other one reads them\n\
         a new member needs `#[serde(default)]`; a renamed member, which must have been optional, also needs \
         `alias = \"old name\"`; for any other change "
    } else {
        "`: the codec `postcard` writes no names, so a reader cannot tell the two apart\n"
    };
    let message = Message::new()
        .put("field `")
        .put(key)
        .put("` was `")
        .put(locked.0)
        .put("` in version ")
        .number(version)
        .put(" and is now `")
        .put(text.as_str())
        .put(reason)
        .put("write `upgrade(in = ")
        .number(version + 1)
        .put(", from = OldType, with = convert)`, which stores the field under a new key");
    panic!("{}", message.as_str());
}

/// Checks that a field can read what version `version` stored under the field's older name `key`. `locked` is that
/// field in the lock, as text and as a shape.
///
/// # Panics
///
/// If it cannot. In a constant this is a compile error.
#[track_caller]
pub const fn assert_rename_compatible(key: &str, now: &Shape, named: bool, locked: (&str, &Shape), version: u32) {
    if !(named && compatible(locked.1, now)) {
        assert_upgrade_source(key, now, named, locked.0, version);
    }
}

/// Checks that the type which an `upgrade` takes from `key` has the shape that version `version` stored there.
///
/// # Panics
///
/// If it has another one. In a constant this is a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_upgrade_source(key: &str, from: &Shape, named: bool, locked: &str, version: u32) {
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
        .put(" stored `")
        .put(locked)
        .put("`");
    panic!("{}", message.as_str());
}

/// The text of `shape` in the lock. A codec that writes no names (`named` is false) depends on the order of members.
#[track_caller]
pub(crate) const fn render(shape: &Shape, named: bool) -> ShapeText {
    if named { shape.text() } else { shape.ordered_text() }
}
