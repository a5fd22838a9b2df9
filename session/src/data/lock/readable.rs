//! Whether what a codec writes of a shape is read back as it was, whatever the value: JSON has one `null`, and some codecs write
//! no names.

use super::message::Message;
use crate::data::codec::Codec;
use crate::data::shape::{Member, Shape, Tagging, Variant, same_str};

/// The field `field`, of the shape `shape`, can be stored in `codec`.
///
/// # Panics
///
/// If not: a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn readable(field: &str, shape: &Shape, codec: Codec) {
    let Some(flaw) = flaw(shape, codec, None) else { return };
    let message = Message::new().put("field `").put(field).put("` would not be read back: ");
    let message = match flaw {
        Flaw::NestedNone => message.put("`").put(codec.name()).put(
            "` writes `Some(None)` and `Some(())` as it does `None`\n\
             write an enum with a name for each case in place of an `Option` within an `Option`, or of nothing",
        ),
        Flaw::LeftOut(member) => message
            .put("`postcard` writes no names, so where `")
            .put(member)
            .put("` is left out, what follows is read in its place\nremove its `skip_serializing_if`"),
        Flaw::Tagged(tag) => message
            .put("`postcard` writes no names, and an enum with `tag = \"")
            .put(tag)
            .put("\"` is read by them\nremove its `tag` and `content`"),
        Flaw::Described(ty) => message
            .put("`postcard` writes no names, and `")
            .put(ty)
            .put("` is read by them\nremove its `untagged`, `flatten`, `tag` or `skip_serializing_if`"),
    };
    let message = match flaw {
        Flaw::NestedNone => message,
        _ => message.put(", or write `codec = msgpack`"),
    };
    panic!("{}", message.as_str());
}

/// Why a value may come back as another.
enum Flaw<'a> {
    /// One `null` for two values.
    NestedNone,
    /// A member is not always there.
    LeftOut(&'a str),
    /// The variant is found by a name.
    Tagged(&'a str),
    /// Names are needed, it is not known what for.
    Described(&'a str),
}

/// The recursive shapes around a place, innermost first.
struct Around<'a> {
    id: &'a str,
    shape: &'a Shape,
    outer: Option<&'a Around<'a>>,
}

const fn flaw<'a>(shape: &'a Shape, codec: Codec, around: Option<&Around<'_>>) -> Option<Flaw<'a>> {
    let named = !matches!(codec, Codec::Postcard);
    match shape {
        Shape::Optional(inner) if named && is_null(inner, around) => Some(Flaw::NestedNone),
        Shape::Optional(inner)
        | Shape::Seq(inner)
        | Shape::Set(inner)
        | Shape::Array(inner, _)
        | Shape::Redacted(inner) => flaw(inner, codec, around),
        Shape::Map { key, value } => match flaw(key, codec, around) {
            Some(found) => Some(found),
            None => flaw(value, codec, around),
        },
        Shape::Tuple(items) => in_tuple(items, codec, around),
        Shape::Struct(members) => in_struct(members, codec, around),
        Shape::Enum { tagging: Tagging::Internal { tag } | Tagging::Adjacent { tag, .. }, .. } if !named => {
            Some(Flaw::Tagged(tag))
        },
        Shape::Enum { variants, .. } => in_enum(variants, codec, around),
        Shape::Recursive { id, shape } => flaw(shape, codec, Some(&Around { id, shape, outer: around })),
        Shape::Described(ty) if !named => Some(Flaw::Described(ty)),
        _ => None,
    }
}

const fn in_tuple<'a>(mut items: &'a [&'a Shape], codec: Codec, around: Option<&Around<'_>>) -> Option<Flaw<'a>> {
    while let [item, rest @ ..] = items {
        items = rest;
        if let Some(found) = flaw(item, codec, around) {
            return Some(found);
        }
    }
    None
}

const fn in_struct<'a>(mut members: &'a [Member], codec: Codec, around: Option<&Around<'_>>) -> Option<Flaw<'a>> {
    while let [member, rest @ ..] = members {
        members = rest;
        if member.skipped && matches!(codec, Codec::Postcard) {
            return Some(Flaw::LeftOut(member.name));
        }
        if let Some(found) = flaw(member.shape, codec, around) {
            return Some(found);
        }
    }
    None
}

const fn in_enum<'a>(mut variants: &'a [Variant], codec: Codec, around: Option<&Around<'_>>) -> Option<Flaw<'a>> {
    while let [variant, rest @ ..] = variants {
        variants = rest;
        if let Some(content) = variant.content
            && let Some(found) = flaw(content, codec, around)
        {
            return Some(found);
        }
    }
    None
}

/// Whether one of the shape's values is written as `None` is.
const fn is_null(shape: &Shape, around: Option<&Around<'_>>) -> bool {
    match shape {
        Shape::Unit | Shape::Optional(_) => true,
        Shape::Redacted(inner) => is_null(inner, around),
        Shape::Recursive { shape, .. } => is_null(shape, around),
        Shape::Back(id) => {
            let mut around = around;
            while let Some(Around { id: found, shape, outer }) = around {
                if same_str(found, id) {
                    return is_null(shape, *outer);
                }
                around = *outer;
            }
            false
        },
        _ => false,
    }
}
