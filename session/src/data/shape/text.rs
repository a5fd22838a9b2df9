//! A shape as one line of text: what is committed, reviewed and compared.
//!
//! Two shapes have the same text if and only if they are the same, but for the order of members and variants, the samples and
//! the ids of recursive shapes.

use std::fmt;

use super::order::List;
use super::{Shape, Tagging};

/// How long a text can be. A constant of this size costs the compiler nothing.
const CAPACITY: usize = 16 * 1024;

/// The text of a [`Shape`].
#[derive(Clone, Copy)]
pub struct ShapeText {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl ShapeText {
    /// The text.
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
            && let Some((place, _)) = free.split_at_mut_checked(text.len())
        {
            place.copy_from_slice(text);
            self.len += text.len();
        } else {
            panic!(
                "the shape of this type is longer than 16384 bytes when written out; \
                 mark members that need no check `#[session(opaque)]`"
            );
        }
    }
}

impl fmt::Debug for ShapeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Whether `text` reads `expected`.
pub const fn same_text(text: &ShapeText, expected: &str) -> bool {
    same_str(text.as_str(), expected)
}

/// `==`, while compiling.
pub(crate) const fn same_str(one: &str, other: &str) -> bool {
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    while let ([one, rest @ ..], [other, others @ ..]) = (left, right) {
        if *one != *other {
            return false;
        }
        (left, right) = (rest, others);
    }
    left.is_empty() && right.is_empty()
}

impl Shape {
    /// The shape as one line:
    ///
    /// | text | stored is |
    /// |---|---|
    /// | `()`, `bool`, `u32`, `f64`, `char`, `string`, `bytes`, `uuid` | that; a `usize` is a `u64` |
    /// | `T?` | a `T` or none |
    /// | `[T]`, `[T; 3]`, `set<T>`, `(A, B)`, `{K => V}` | a list, an array, a set, a tuple, a map |
    /// | `{name: T, other?: U}` | a struct; `other` can be missing |
    /// | `enum {Card: {number: string}, Cash}` | one of these, in serde's usual form |
    /// | `enum tag=kind content=data {…}` | one of these, with serde's `tag` and `content` |
    /// | `secret<T>` | a [`Secret`](crate::Secret) |
    /// | `opaque <T>` | what serde makes of the type `T`: nothing else is known |
    /// | `rec {value: u32, next: self?}` | what contains itself; `self^1` is the `rec` around the innermost one |
    ///
    /// A name with anything but letters, digits, `_` and `-` in it is in quotes.
    ///
    /// Members and variants are sorted by name: reordering them changes nothing that is stored, unless the codec writes no names;
    /// see [`ordered_text`](Self::ordered_text).
    ///
    /// # Panics
    ///
    /// If the text is longer than 16 KiB. In a constant this is a compile error, and constants are what it is for.
    #[track_caller]
    pub const fn text(&self) -> ShapeText {
        self.render(Order::Sorted)
    }

    /// [`text`](Self::text) with members and variants in the order in which they are declared: what codecs depend on that write
    /// values by place and not by name.
    ///
    /// # Panics
    ///
    /// As [`text`](Self::text) does.
    #[track_caller]
    pub const fn ordered_text(&self) -> ShapeText {
        self.render(Order::Declared)
    }

    #[track_caller]
    const fn render(&self, order: Order) -> ShapeText {
        let mut out = ShapeText { bytes: [0; CAPACITY], len: 0 };
        shape(&mut out, self, &Around { order, id: "", outer: None });
        out
    }
}

#[derive(Clone, Copy)]
enum Order {
    Sorted,
    Declared,
}

/// The recursive shapes around a place, innermost first.
struct Around<'a> {
    order: Order,
    id: &'a str,
    outer: Option<&'a Around<'a>>,
}

#[track_caller]
const fn shape(out: &mut ShapeText, of: &Shape, around: &Around<'_>) {
    match of {
        Shape::Unit => out.put(b"()"),
        Shape::Bool => out.put(b"bool"),
        Shape::Char => out.put(b"char"),
        Shape::Str => out.put(b"string"),
        Shape::Bytes => out.put(b"bytes"),
        Shape::Integer(name) | Shape::Float(name) | Shape::Text { name, .. } => out.put(name.as_bytes()),
        Shape::Optional(inner) => {
            shape(out, inner, around);
            out.put(b"?");
        },
        Shape::Seq(item) => enclosed(out, "[", item, "]", around),
        Shape::Set(item) => enclosed(out, "set<", item, ">", around),
        Shape::Redacted(inner) => enclosed(out, "secret<", inner, ">", around),
        Shape::Array(item, len) => {
            enclosed(out, "[", item, "; ", around);
            number(out, *len);
            out.put(b"]");
        },
        Shape::Map { key, value } => {
            enclosed(out, "{", key, " => ", around);
            enclosed(out, "", value, "}", around);
        },
        Shape::Tuple(items) => tuple(out, items, around),
        Shape::Struct(members) => {
            out.put(b"{");
            list(out, List::Members(members), around);
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
            list(out, List::Variants(variants), around);
            out.put(b"}");
        },
        Shape::Opaque(text) | Shape::Described(text) => {
            out.put(b"opaque <");
            out.put(text.as_bytes());
            out.put(b">");
        },
        Shape::Recursive { id, shape: inner } => {
            out.put(b"rec ");
            shape(out, inner, &Around { order: around.order, id, outer: Some(around) });
        },
        Shape::Back(id) => back(out, id, around),
    }
}

#[track_caller]
const fn enclosed(out: &mut ShapeText, before: &str, inner: &Shape, after: &str, around: &Around<'_>) {
    out.put(before.as_bytes());
    shape(out, inner, around);
    out.put(after.as_bytes());
}

#[track_caller]
const fn setting(out: &mut ShapeText, key: &str, value: &str) {
    out.put(key.as_bytes());
    name(out, value);
    out.put(b" ");
}

#[track_caller]
const fn tuple(out: &mut ShapeText, mut items: &[&Shape], around: &Around<'_>) {
    out.put(b"(");
    // As in Rust, a comma tells a tuple of one from a value, and a tuple of none is written out.
    let comma = items.len() < 2;
    while let [item, rest @ ..] = items {
        shape(out, item, around);
        items = rest;
        if !items.is_empty() {
            out.put(b", ");
        }
    }
    out.put(if comma { b",)" } else { b")" });
}

#[track_caller]
const fn back(out: &mut ShapeText, id: &str, mut around: &Around<'_>) {
    let mut depth = 0;
    while let Some(outer) = around.outer {
        if matches!(compare(around.id, id), Sign::Same) {
            break;
        }
        around = outer;
        depth += 1;
    }
    out.put(b"self");
    if depth > 0 {
        out.put(b"^");
        number(out, depth);
    }
}

#[track_caller]
const fn number(out: &mut ShapeText, number_: usize) {
    if number_ >= 10 {
        number(out, number_ / 10);
    }
    #[expect(clippy::cast_possible_truncation, reason = "one digit")]
    out.put(&[b'0' + (number_ % 10) as u8]);
}

#[track_caller]
const fn list(out: &mut ShapeText, of: List, around: &Around<'_>) {
    let ordered = match around.order {
        Order::Sorted => of.sorted(),
        Order::Declared => of.declared(),
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
            enclosed(out, ": ", content, "", around);
        }
        at += 1;
    }
}

#[track_caller]
const fn name(out: &mut ShapeText, name: &str) {
    if is_plain(name.as_bytes()) {
        return out.put(name.as_bytes());
    }
    out.put(b"\"");
    let mut bytes = name.as_bytes();
    while let [byte, rest @ ..] = bytes {
        match byte {
            b'"' => out.put(b"\\\""),
            b'\\' => out.put(b"\\\\"),
            0..0x20 | 0x7f => {
                out.put(b"\\x");
                out.put(&[hex(*byte >> 4), hex(*byte & 15)]);
            },
            _ => out.put(&[*byte]),
        }
        bytes = rest;
    }
    out.put(b"\"");
}

const fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

const fn is_plain(mut name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    while let [byte, rest @ ..] = name {
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return false;
        }
        name = rest;
    }
    true
}

pub(crate) enum Sign {
    Less,
    Same,
    Greater,
}

/// `str`'s own order, which constants cannot ask for.
pub(crate) const fn compare(one: &str, other: &str) -> Sign {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        match (one, other) {
            ([], []) => return Sign::Same,
            ([], _) => return Sign::Less,
            (_, []) => return Sign::Greater,
            ([a, ..], [b, ..]) if *a < *b => return Sign::Less,
            ([a, ..], [b, ..]) if *a > *b => return Sign::Greater,
            ([_, rest @ ..], [_, others @ ..]) => (one, other) = (rest, others),
        }
    }
}
