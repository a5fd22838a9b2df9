//! Whether every value of a shape can be read back from a codec. JSON has a single `null`, and `postcard` writes no
//! names.

use super::message::Message;
use crate::data::codec::Codec;
use crate::data::shape::{Member, Shape, Tagging, Variant, same_str};

/// Checks that each value of the field `field`, whose shape is `shape`, is read back from `codec` as it was written.
///
/// # Panics
///
/// If one is not. In a constant this is a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn assert_readable(field: &str, shape: &Shape, codec: Codec) {
    let Some(flaw) = flaw(shape, codec, None) else { return };
    let message = Message::new().put("field `").put(field).put("` could not be read back: the codec `");
    let message = message.put(codec.name());
    let message = match flaw {
        Flaw::NestedNone => message.put(
            "` writes `Some(None)` and `Some(())` in the same way as `None`\n\
             replace the `Option<Option<_>>` or the `Option<()>` with an enum that has a variant for each case",
        ),
        Flaw::Skipped(member) => message
            .put("` writes no names, so where `")
            .put(member)
            .put("` is skipped, the next value is read in its place\nremove its `skip_serializing_if`"),
        Flaw::Tagged(tag) => message
            .put("` writes no names, and an enum with `tag = \"")
            .put(tag)
            .put("\"` is read by name\nremove its `tag` and `content`"),
        Flaw::Described(ty) => message
            .put("` writes no names, and `")
            .put(ty)
            .put("` is read by name\nremove its `untagged`, `flatten`, `tag` or `skip_serializing_if`"),
    };
    let message = match flaw {
        Flaw::NestedNone => message,
        _ => message.put(", or write `codec = msgpack`"),
    };
    panic!("{}", message.as_str());
}

/// Why a value might not be read back as it was written.
enum Flaw<'a> {
    /// Two different values are both written as `null`.
    NestedNone,
    /// This member is skipped at times.
    Skipped(&'a str),
    /// The variant of an enum is found by the member of this name.
    Tagged(&'a str),
    /// This type is read by the names of its members.
    Described(&'a str),
}

/// The enclosing recursive shapes, innermost first.
struct Enclosing<'a> {
    id: &'a str,
    shape: &'a Shape,
    outer: Option<&'a Enclosing<'a>>,
}

const fn flaw<'a>(shape: &'a Shape, codec: Codec, enclosing: Option<&Enclosing<'_>>) -> Option<Flaw<'a>> {
    let writes_names = !matches!(codec, Codec::Postcard);
    match shape {
        Shape::Optional(inner) if writes_names && has_null(inner, enclosing) => Some(Flaw::NestedNone),
        Shape::Optional(inner)
        | Shape::Seq(inner)
        | Shape::Set(inner)
        | Shape::Array(inner, _)
        | Shape::Redacted(inner) => flaw(inner, codec, enclosing),
        Shape::Map { key, value } => match flaw(key, codec, enclosing) {
            Some(found) => Some(found),
            None => flaw(value, codec, enclosing),
        },
        Shape::Tuple(items) => in_tuple(items, codec, enclosing),
        Shape::Struct(members) => in_struct(members, codec, enclosing),
        Shape::Enum { tagging: Tagging::Internal { tag } | Tagging::Adjacent { tag, .. }, .. } if !writes_names => {
            Some(Flaw::Tagged(tag))
        },
        Shape::Enum { variants, .. } => in_enum(variants, codec, enclosing),
        Shape::Recursive { id, shape } => flaw(shape, codec, Some(&Enclosing { id, shape, outer: enclosing })),
        Shape::Described(ty) if !writes_names => Some(Flaw::Described(ty)),
        _ => None,
    }
}

const fn in_tuple<'a>(mut items: &'a [&'a Shape], codec: Codec, enclosing: Option<&Enclosing<'_>>) -> Option<Flaw<'a>> {
    while let [item, rest @ ..] = items {
        items = rest;
        if let Some(found) = flaw(item, codec, enclosing) {
            return Some(found);
        }
    }
    None
}

const fn in_struct<'a>(mut members: &'a [Member], codec: Codec, enclosing: Option<&Enclosing<'_>>) -> Option<Flaw<'a>> {
    while let [member, rest @ ..] = members {
        members = rest;
        if member.skipped && matches!(codec, Codec::Postcard) {
            return Some(Flaw::Skipped(member.name));
        }
        if let Some(found) = flaw(member.shape, codec, enclosing) {
            return Some(found);
        }
    }
    None
}

const fn in_enum<'a>(mut variants: &'a [Variant], codec: Codec, enclosing: Option<&Enclosing<'_>>) -> Option<Flaw<'a>> {
    while let [variant, rest @ ..] = variants {
        variants = rest;
        if let Some(content) = variant.content
            && let Some(found) = flaw(content, codec, enclosing)
        {
            return Some(found);
        }
    }
    None
}

/// Whether a value of the shape is written as `null`.
const fn has_null(shape: &Shape, enclosing: Option<&Enclosing<'_>>) -> bool {
    match shape {
        Shape::Unit | Shape::Optional(_) => true,
        Shape::Redacted(inner) => has_null(inner, enclosing),
        Shape::Recursive { shape, .. } => has_null(shape, enclosing),
        Shape::Back(id) => {
            let mut level = enclosing;
            while let Some(Enclosing { id: found, shape, outer }) = level {
                if same_str(found, id) {
                    return has_null(shape, *outer);
                }
                level = *outer;
            }
            false
        },
        _ => false,
    }
}
