//! The text of a shape: one line, which the lock file holds, people review and the compiler compares.
//!
//! Two shapes have the same text if and only if they are equal. The order of members and variants, samples and the ids
//! of recursive shapes do not count.

use std::fmt;

use super::const_str::same_str;
use super::names::NamedItems;
use super::{Shape, Tagging};
use crate::data::lock_grammar::{escape, is_bare_name};

/// Maximum length of a text in bytes. A constant of this size costs the compiler next to nothing.
const CAPACITY: usize = 16 * 1024;

/// The text of a [`Shape`]: at most 16 KiB, and a constant if the shape is one.
///
/// ```
/// use session::{SessionValue, ShapeText};
///
/// const TEXT: ShapeText = <Vec<u8>>::SHAPE.text();
/// assert_eq!(TEXT.as_str(), "[u8]");
/// ```
#[derive(Clone, Copy)]
pub struct ShapeText {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl ShapeText {
    /// The text as a string.
    ///
    /// ```
    /// # use session::SessionValue;
    /// assert_eq!(bool::SHAPE.text().as_str(), "bool");
    /// ```
    pub const fn as_str(&self) -> &str {
        match self.bytes.split_at_checked(self.len) {
            Some((text, _)) => match str::from_utf8(text) {
                Ok(text) => text,
                Err(_) => "",
            },
            None => "",
        }
    }

    #[expect(clippy::panic, reason = "runs in the compiler")]
    #[track_caller]
    const fn put(&mut self, text: &[u8]) {
        if let Some((_, free)) = self.bytes.split_at_mut_checked(self.len)
            && let Some((target, _)) = free.split_at_mut_checked(text.len())
        {
            target.copy_from_slice(text);
            self.len += text.len();
        } else {
            panic!(
                "the text of the shape of this type is longer than 16384 bytes; mark members that need no check \
                 `#[session(opaque)]`"
            );
        }
    }
}

impl fmt::Debug for ShapeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// `text.as_str() == expected`, in a constant.
pub const fn same_text(text: &ShapeText, expected: &str) -> bool {
    same_str(text.as_str(), expected)
}

impl Shape {
    /// The shape as one line of text:
    ///
    /// | text | stored form |
    /// |---|---|
    /// | `()`, `bool`, `u32`, `f64`, `char`, `string`, `bytes`, `uuid` | the type of that name; a `usize` is a `u64` |
    /// | `T?` | a `T` or none |
    /// | `[T]`, `[T; 3]`, `set<T>`, `(A, B)`, `{K => V}` | a list, an array, a set, a tuple, a map |
    /// | `{name: T, other?: U}` | a struct; `other` may be missing |
    /// | `enum {Card: {number: string}, Cash}` | an enum in the default form of serde |
    /// | `enum tag=kind content=data {…}` | an enum with serde's `tag` and `content` |
    /// | `secret<T>` | a [`Secret`](crate::Secret) |
    /// | `opaque <T>` | the type `T`, whose stored form is not known |
    /// | `rec {value: u32, next: self?}` | a type that contains itself; `self^1` is the second innermost `rec` |
    ///
    /// A name that contains other characters than ASCII letters, digits, `_` and `-` is in quotes.
    ///
    /// Members and variants are sorted by name, because their order does not matter to codecs that write names. For
    /// other codecs see [`ordered_text`](Self::ordered_text).
    ///
    /// # Panics
    ///
    /// If the text is longer than 16 KiB. In a constant this is a compile error.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use session::SessionValue;
    /// let shape = <HashMap<String, [u8; 3]>>::SHAPE;
    /// assert_eq!(shape.text().as_str(), "{string => [u8; 3]}");
    /// ```
    #[track_caller]
    pub const fn text(&self) -> ShapeText {
        self.render(MemberOrder::Sorted)
    }

    /// The shape as one line of text, like [`text`](Self::text), but with members and variants in the order of the
    /// declaration. For codecs that write no names, to which that order matters.
    ///
    /// # Panics
    ///
    /// If the text is longer than 16 KiB. In a constant this is a compile error.
    ///
    /// ```
    /// # use session::{Member, SessionValue, Shape};
    /// const POINT: Shape = Shape::Struct(&[Member::new("y", u32::SHAPE), Member::new("x", u32::SHAPE)]);
    /// assert_eq!(POINT.ordered_text().as_str(), "{y: u32, x: u32}");
    /// ```
    #[track_caller]
    pub const fn ordered_text(&self) -> ShapeText {
        self.render(MemberOrder::Declared)
    }

    #[track_caller]
    const fn render(&self, order: MemberOrder) -> ShapeText {
        let mut out = ShapeText { bytes: [0; CAPACITY], len: 0 };
        shape(&mut out, self, &Context { order, id: "", outer: None });
        out
    }
}

/// The order in which members and variants are written.
#[derive(Clone, Copy)]
enum MemberOrder {
    Sorted,
    Declared,
}

/// What the text of a shape depends on besides the shape: the order of members, and the enclosing recursive shapes,
/// innermost first.
struct Context<'a> {
    order: MemberOrder,
    /// The id of the innermost recursive shape; empty outside of all.
    id: &'a str,
    outer: Option<&'a Context<'a>>,
}

#[track_caller]
const fn shape(out: &mut ShapeText, of: &Shape, context: &Context<'_>) {
    match of {
        Shape::Unit => out.put(b"()"),
        Shape::Bool => out.put(b"bool"),
        Shape::Char => out.put(b"char"),
        Shape::Str => out.put(b"string"),
        Shape::Bytes => out.put(b"bytes"),
        Shape::Integer(name) | Shape::Float(name) | Shape::Text { name, .. } => out.put(name.as_bytes()),
        Shape::Optional(inner) => {
            shape(out, inner, context);
            out.put(b"?");
        },
        Shape::Seq(item) => enclosed(out, "[", item, "]", context),
        Shape::Set(item) => enclosed(out, "set<", item, ">", context),
        Shape::Redacted(inner) => enclosed(out, "secret<", inner, ">", context),
        Shape::Array(item, len) => {
            enclosed(out, "[", item, "; ", context);
            number(out, *len);
            out.put(b"]");
        },
        Shape::Map { key, value } => {
            enclosed(out, "{", key, " => ", context);
            enclosed(out, "", value, "}", context);
        },
        Shape::Tuple(items) => tuple(out, items, context),
        Shape::Struct(members) => {
            out.put(b"{");
            list(out, NamedItems::Members(members), context);
            out.put(b"}");
        },
        Shape::Enum { tagging, variants } => {
            out.put(b"enum ");
            match tagging {
                Tagging::External => {},
                Tagging::Internal { tag } => setting(out, "tag=", tag),
                Tagging::Adjacent { tag, content } => {
                    setting(out, "tag=", tag);
                    setting(out, "content=", content);
                },
            }
            out.put(b"{");
            list(out, NamedItems::Variants(variants), context);
            out.put(b"}");
        },
        Shape::Opaque(text) | Shape::Described(text) => {
            out.put(b"opaque <");
            out.put(text.as_bytes());
            out.put(b">");
        },
        Shape::Recursive { id, shape: inner } => {
            out.put(b"rec ");
            shape(out, inner, &Context { order: context.order, id, outer: Some(context) });
        },
        Shape::Back(id) => back(out, id, context),
    }
}

#[track_caller]
const fn enclosed(out: &mut ShapeText, before: &str, inner: &Shape, after: &str, context: &Context<'_>) {
    out.put(before.as_bytes());
    shape(out, inner, context);
    out.put(after.as_bytes());
}

#[track_caller]
const fn setting(out: &mut ShapeText, key: &str, value: &str) {
    out.put(key.as_bytes());
    name(out, value);
    out.put(b" ");
}

#[track_caller]
const fn tuple(out: &mut ShapeText, mut items: &[&Shape], context: &Context<'_>) {
    out.put(b"(");
    // As in Rust, a trailing comma distinguishes a tuple of one from a parenthesised value. A tuple of none is `(,)`,
    // because `()` is the unit.
    let comma = items.len() < 2;
    while let [item, rest @ ..] = items {
        shape(out, item, context);
        items = rest;
        if !items.is_empty() {
            out.put(b", ");
        }
    }
    out.put(if comma { b",)" } else { b")" });
}

#[track_caller]
const fn back(out: &mut ShapeText, id: &str, mut context: &Context<'_>) {
    let mut depth = 0;
    while let Some(outer) = context.outer {
        if same_str(context.id, id) {
            break;
        }
        context = outer;
        depth += 1;
    }
    out.put(b"self");
    if depth > 0 {
        out.put(b"^");
        number(out, depth);
    }
}

#[track_caller]
const fn number(out: &mut ShapeText, value: usize) {
    if value >= 10 {
        number(out, value / 10);
    }
    #[expect(clippy::cast_possible_truncation, reason = "one digit")]
    out.put(&[b'0' + (value % 10) as u8]);
}

#[track_caller]
const fn list(out: &mut ShapeText, of: NamedItems, context: &Context<'_>) {
    let ordered = match context.order {
        MemberOrder::Sorted => of.sorted(),
        MemberOrder::Declared => of.declared(),
    };
    let mut at = 0;
    while let Some(item) = ordered.get(at) {
        if at > 0 {
            out.put(b", ");
        }
        name(out, item.name);
        if item.optional {
            out.put(b"?");
        }
        if let Some(content) = item.content {
            enclosed(out, ": ", content, "", context);
        }
        at += 1;
    }
}

#[track_caller]
const fn name(out: &mut ShapeText, name: &str) {
    if is_bare_name(name.as_bytes()) {
        return out.put(name.as_bytes());
    }
    out.put(b"\"");
    let mut bytes = name.as_bytes();
    while let [byte, rest @ ..] = bytes {
        let (escaped, len) = escape(*byte);
        if let Some((escaped, _)) = escaped.split_at_checked(len) {
            out.put(escaped);
        }
        bytes = rest;
    }
    out.put(b"\"");
}
