//! Whether two releases can read each other's values without loss, in a codec that writes the names of members.

use std::cmp::Ordering;

use crate::data::shape::{Member, NamedItem, NamedItems, Shape, Tagging, Variant, compare_str, same_str};

/// Whether a type of the shape `new` reads every value of the shape `old` without loss, and a type of the shape `old`
/// reads every value of the shape `new`, except for enum variants that only `new` has.
pub(super) const fn compatible(old: &Shape, new: &Shape) -> bool {
    is_compatible(old, new, None)
}

/// The recursive shapes that enclose the two compared shapes, innermost first.
struct Enclosing<'a> {
    old_id: &'a str,
    new_id: &'a str,
    outer: Option<&'a Enclosing<'a>>,
}

const fn is_compatible(old: &Shape, new: &Shape, enclosing: Option<&Enclosing<'_>>) -> bool {
    match (old, new) {
        (Shape::Optional(old), Shape::Optional(new))
        | (Shape::Seq(old), Shape::Seq(new))
        | (Shape::Set(old), Shape::Set(new))
        | (Shape::Redacted(old), Shape::Redacted(new)) => is_compatible(old, new, enclosing),
        (Shape::Array(old, old_len), Shape::Array(new, new_len)) => {
            *old_len == *new_len && is_compatible(old, new, enclosing)
        },
        (Shape::Map { key: old_key, value: old }, Shape::Map { key: new_key, value: new }) => {
            is_compatible(old_key, new_key, enclosing) && is_compatible(old, new, enclosing)
        },
        (Shape::Tuple(old), Shape::Tuple(new)) => tuples(old, new, enclosing),
        (Shape::Struct(old), Shape::Struct(new)) => structs(old, new, enclosing),
        (Shape::Enum { tagging: old_tagging, variants: old }, Shape::Enum { tagging: new_tagging, variants: new }) => {
            same_tagging(*old_tagging, *new_tagging) && enums(old, new, enclosing)
        },
        (Shape::Recursive { id: old_id, shape: old }, Shape::Recursive { id: new_id, shape: new }) => {
            is_compatible(old, new, Some(&Enclosing { old_id, new_id, outer: enclosing }))
        },
        (Shape::Back(old), Shape::Back(new)) => same_level(old, new, enclosing),
        _ => is_leaf(old) && is_leaf(new) && same_str(old.text().as_str(), new.text().as_str()),
    }
}

/// Whether the shape contains no other shape.
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

/// Whether both ids name the same level of the enclosing recursive shapes.
const fn same_level(old: &str, new: &str, mut enclosing: Option<&Enclosing<'_>>) -> bool {
    while let Some(level) = enclosing {
        let (is_old, is_new) = (same_str(level.old_id, old), same_str(level.new_id, new));
        if is_old || is_new {
            return is_old && is_new;
        }
        enclosing = level.outer;
    }
    true
}

const fn tuples(mut old: &[&Shape], mut new: &[&Shape], enclosing: Option<&Enclosing<'_>>) -> bool {
    while let ([a, old_rest @ ..], [b, new_rest @ ..]) = (old, new) {
        if !is_compatible(a, b, enclosing) {
            return false;
        }
        (old, new) = (old_rest, new_rest);
    }
    old.is_empty() && new.is_empty()
}

/// Three rules. A member of both is compatible, and stays optional if it was. A member of `new` only is optional. A
/// member of `old` only has an alias in `new`; without one, its value would be dropped without notice.
const fn structs(old: &'static [Member], new: &'static [Member], enclosing: Option<&Enclosing<'_>>) -> bool {
    let (olds, news) = (NamedItems::Members(old).sorted(), NamedItems::Members(new).sorted());
    let (mut left, mut right) = (0, 0);
    loop {
        let is_fine = match next_by_name(olds.get(left), news.get(right)) {
            Next::Both(before, after) => {
                (left, right) = (left + 1, right + 1);
                members(before, after, enclosing)
            },
            Next::Old(before) => {
                left += 1;
                match find_by_alias(new, before.name) {
                    // The old release does not know the new name, so to it the member is missing.
                    Some(after) => can_be_missing(before) && members(before, after, enclosing),
                    None => false,
                }
            },
            Next::New(after) => {
                right += 1;
                can_be_missing(after)
            },
            Next::Neither => return true,
        };
        if !is_fine {
            return false;
        }
    }
}

const fn members(before: NamedItem, after: NamedItem, enclosing: Option<&Enclosing<'_>>) -> bool {
    let (Some(old), Some(new)) = (before.content, after.content) else { return false };
    is_compatible(old, new, enclosing) && (can_be_missing(after) || !before.optional)
}

const fn can_be_missing(member: NamedItem) -> bool {
    member.optional || matches!(member.content, Some(Shape::Optional(_)))
}

/// The member that has `name` as an alias.
const fn find_by_alias(members: &'static [Member], name: &str) -> Option<NamedItem> {
    let mut index = 0;
    let mut rest = members;
    while let [member, others @ ..] = rest {
        rest = others;
        let mut aliases = member.aliases;
        while let [alias, more @ ..] = aliases {
            if same_str(alias, name) {
                return NamedItems::Members(members).get(index);
            }
            aliases = more;
        }
        index += 1;
    }
    None
}

/// A variant of `old` must be in `new`, or values that are stored could not be read. A variant of `new` only is
/// accepted: an older release cannot decode such a value, and keeps its bytes.
const fn enums(old: &'static [Variant], new: &'static [Variant], enclosing: Option<&Enclosing<'_>>) -> bool {
    let (olds, news) = (NamedItems::Variants(old).sorted(), NamedItems::Variants(new).sorted());
    let (mut left, mut right) = (0, 0);
    loop {
        match next_by_name(olds.get(left), news.get(right)) {
            Next::Both(before, after) => {
                (left, right) = (left + 1, right + 1);
                let is_fine = match (before.content, after.content) {
                    (None, None) => true,
                    (Some(old), Some(new)) => is_compatible(old, new, enclosing),
                    _ => false,
                };
                if !is_fine {
                    return false;
                }
            },
            Next::Old(_) => return false,
            Next::New(_) => right += 1,
            Next::Neither => return true,
        }
    }
}

/// The item whose name comes next, and which of the two sorted lists have it.
enum Next {
    Both(NamedItem, NamedItem),
    Old(NamedItem),
    New(NamedItem),
    Neither,
}

const fn next_by_name(old: Option<NamedItem>, new: Option<NamedItem>) -> Next {
    match (old, new) {
        (None, None) => Next::Neither,
        (Some(old), None) => Next::Old(old),
        (None, Some(new)) => Next::New(new),
        (Some(old), Some(new)) => match compare_str(old.name, new.name) {
            Ordering::Less => Next::Old(old),
            Ordering::Equal => Next::Both(old, new),
            Ordering::Greater => Next::New(new),
        },
    }
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
