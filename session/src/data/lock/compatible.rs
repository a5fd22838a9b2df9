//! Whether two releases lose nothing of each other's values, if those carry the names of their members.

use crate::data::shape::{Item, List, Member, Shape, Sign, Tagging, Variant, compare, same_str};

/// Whether code with the shape `new` can read what code with `old` has written, all of it, and the other way round what it knows of.
pub(super) const fn compatible(old: &Shape, new: &Shape) -> bool {
    fits(old, new, None)
}

/// The recursive shapes around a place, in both shapes, innermost first.
struct Around<'a> {
    old: &'a str,
    new: &'a str,
    outer: Option<&'a Around<'a>>,
}

const fn fits(old: &Shape, new: &Shape, around: Option<&Around<'_>>) -> bool {
    match (old, new) {
        (Shape::Optional(old), Shape::Optional(new))
        | (Shape::Seq(old), Shape::Seq(new))
        | (Shape::Set(old), Shape::Set(new))
        | (Shape::Redacted(old), Shape::Redacted(new)) => fits(old, new, around),
        (Shape::Array(old, old_len), Shape::Array(new, new_len)) => *old_len == *new_len && fits(old, new, around),
        (Shape::Map { key: old_key, value: old }, Shape::Map { key: new_key, value: new }) => {
            fits(old_key, new_key, around) && fits(old, new, around)
        },
        (Shape::Tuple(old), Shape::Tuple(new)) => tuples(old, new, around),
        (Shape::Struct(old), Shape::Struct(new)) => structs(old, new, around),
        (Shape::Enum { tagging: old_tagging, variants: old }, Shape::Enum { tagging: new_tagging, variants: new }) => {
            same_tagging(*old_tagging, *new_tagging) && enums(old, new, around)
        },
        (Shape::Recursive { id: old_id, shape: old }, Shape::Recursive { id: new_id, shape: new }) => {
            fits(old, new, Some(&Around { old: old_id, new: new_id, outer: around }))
        },
        (Shape::Back(old), Shape::Back(new)) => same_level(old, new, around),
        // What has no parts is the same or another.
        _ => is_leaf(old) && is_leaf(new) && same_str(old.text().as_str(), new.text().as_str()),
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

/// Whether both ways back lead equally far.
const fn same_level(old: &str, new: &str, mut around: Option<&Around<'_>>) -> bool {
    while let Some(here) = around {
        let (is_old, is_new) = (same_str(here.old, old), same_str(here.new, new));
        if is_old || is_new {
            return is_old && is_new;
        }
        around = here.outer;
    }
    true
}

const fn tuples(mut old: &[&Shape], mut new: &[&Shape], around: Option<&Around<'_>>) -> bool {
    while let ([a, old_rest @ ..], [b, new_rest @ ..]) = (old, new) {
        if !fits(a, b, around) {
            return false;
        }
        (old, new) = (old_rest, new_rest);
    }
    old.is_empty() && new.is_empty()
}

/// What both have is compatible and can be missing where it could; what only the new one has can be missing; and what only the
/// old one has is found under an alias, or it would be dropped without a word.
const fn structs(old: &'static [Member], new: &'static [Member], around: Option<&Around<'_>>) -> bool {
    let (olds, news) = (List::Members(old).sorted(), List::Members(new).sorted());
    let (mut left, mut right) = (0, 0);
    loop {
        let fine = match side(olds.get(left), news.get(right)) {
            Side::Both(before, after) => {
                (left, right) = (left + 1, right + 1);
                members(before, after, around)
            },
            Side::Old(before) => {
                left += 1;
                // Old code does not know the new name.
                match aliased(new, before.name) {
                    Some(after) => can_be_missing(before) && members(before, after, around),
                    None => false,
                }
            },
            Side::New(after) => {
                right += 1;
                can_be_missing(after)
            },
            Side::Neither => return true,
        };
        if !fine {
            return false;
        }
    }
}

const fn members(before: Item, after: Item, around: Option<&Around<'_>>) -> bool {
    let (Some(old), Some(new)) = (before.content, after.content) else { return false };
    fits(old, new, around) && (can_be_missing(after) || !before.optional)
}

const fn can_be_missing(member: Item) -> bool {
    member.optional || matches!(member.content, Some(Shape::Optional(_)))
}

/// The member that is also read under `name`.
const fn aliased(members: &'static [Member], name: &str) -> Option<Item> {
    let mut place = 0;
    let mut rest = members;
    while let [member, others @ ..] = rest {
        rest = others;
        let mut aliases = member.aliases;
        while let [alias, more @ ..] = aliases {
            if same_str(alias, name) {
                return List::Members(members).get(place);
            }
            aliases = more;
        }
        place += 1;
    }
    None
}

/// Whether everything that could be written can still be read. New variants are unknown to older code, which keeps their bytes.
const fn enums(old: &'static [Variant], new: &'static [Variant], around: Option<&Around<'_>>) -> bool {
    let (olds, news) = (List::Variants(old).sorted(), List::Variants(new).sorted());
    let (mut left, mut right) = (0, 0);
    loop {
        match side(olds.get(left), news.get(right)) {
            Side::Both(before, after) => {
                (left, right) = (left + 1, right + 1);
                let fine = match (before.content, after.content) {
                    (None, None) => true,
                    (Some(old), Some(new)) => fits(old, new, around),
                    _ => false,
                };
                if !fine {
                    return false;
                }
            },
            Side::Old(_) => return false,
            Side::New(_) => right += 1,
            Side::Neither => return true,
        }
    }
}

/// Who has the name that comes next.
enum Side {
    Both(Item, Item),
    Old(Item),
    New(Item),
    Neither,
}

const fn side(old: Option<Item>, new: Option<Item>) -> Side {
    match (old, new) {
        (None, None) => Side::Neither,
        (Some(old), None) => Side::Old(old),
        (None, Some(new)) => Side::New(new),
        (Some(old), Some(new)) => match compare(old.name, new.name) {
            Sign::Less => Side::Old(old),
            Sign::Same => Side::Both(old, new),
            Sign::Greater => Side::New(new),
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
