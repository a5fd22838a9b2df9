//! The named parts of a shape, members and variants, in declared order or sorted by name.
//!
//! Everything here runs in the compiler, whose evaluation of constants is slow and limited. A sort by comparing each
//! name with each other one exceeds that limit with a few hundred variants; a merge sort does not.

use std::cmp::Ordering;

use super::const_str::compare_str;
use super::{Member, Shape, Variant};

/// More names than the text of a shape can hold.
const MAX_ITEMS: usize = 5500;

/// The members of a struct or the variants of an enum.
#[derive(Clone, Copy)]
pub(crate) enum NamedItems {
    Members(&'static [Member]),
    Variants(&'static [Variant]),
}

/// One member or variant.
#[derive(Clone, Copy)]
pub(crate) struct NamedItem {
    pub(crate) name: &'static str,
    pub(crate) optional: bool,
    pub(crate) content: Option<&'static Shape>,
}

impl NamedItems {
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Members(members) => members.len(),
            Self::Variants(variants) => variants.len(),
        }
    }

    /// The item at `index` of the declaration.
    pub(crate) const fn get(self, index: usize) -> Option<NamedItem> {
        match self {
            Self::Members(members) => match members.split_at_checked(index) {
                Some((_, [Member { name, shape, optional, .. }, ..])) => {
                    Some(NamedItem { name, optional: *optional, content: Some(shape) })
                },
                _ => None,
            },
            Self::Variants(variants) => match variants.split_at_checked(index) {
                Some((_, [Variant { name, content }, ..])) => {
                    Some(NamedItem { name, optional: false, content: *content })
                },
                _ => None,
            },
        }
    }

    /// All items, in the order of the declaration.
    pub(crate) const fn declared(self) -> ItemSequence {
        let len = if self.len() < MAX_ITEMS { self.len() } else { MAX_ITEMS };
        let mut sequence = ItemSequence { items: self, indices: [0; MAX_ITEMS], len };
        let mut at = 0;
        while at < len {
            sequence.set(at, at);
            at += 1;
        }
        sequence
    }

    /// All items, sorted by name.
    pub(crate) const fn sorted(self) -> ItemSequence {
        let mut sequence = self.declared();
        let mut width = 1;
        while width < sequence.len && !sequence.is_sorted() {
            sequence = sequence.merged(width);
            width *= 2;
        }
        sequence
    }
}

/// Items in some order.
///
/// Items after the first [`MAX_ITEMS`] are left out. The text of such a shape is too long in any case, which is
/// reported when the text is written.
pub(crate) struct ItemSequence {
    items: NamedItems,
    indices: [u16; MAX_ITEMS],
    len: usize,
}

impl ItemSequence {
    /// The item at position `at` of this order.
    pub(crate) const fn get(&self, at: usize) -> Option<NamedItem> {
        if at < self.len { self.items.get(self.index(at)) } else { None }
    }

    /// The index in the declaration of the item at position `at`.
    const fn index(&self, at: usize) -> usize {
        match self.indices.split_at_checked(at) {
            Some((_, [index, ..])) => *index as usize,
            _ => 0,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "MAX_ITEMS is less than u16::MAX")]
    const fn set(&mut self, at: usize, index: usize) {
        if let Some((_, [slot, ..])) = self.indices.split_at_mut_checked(at) {
            *slot = index as u16;
        }
    }

    /// Whether the name at position `at` is less than the name at position `other`.
    const fn is_less(&self, at: usize, other: usize) -> bool {
        match (self.get(at), self.get(other)) {
            (Some(one), Some(other)) => matches!(compare_str(one.name, other.name), Ordering::Less),
            _ => false,
        }
    }

    const fn is_sorted(&self) -> bool {
        let mut at = 1;
        while at < self.len {
            if self.is_less(at, at - 1) {
                return false;
            }
            at += 1;
        }
        true
    }

    /// One pass of a merge sort: merges each pair of neighbouring sorted runs of length `width`.
    const fn merged(&self, width: usize) -> Self {
        let mut merged = self.items.declared();
        let mut start = 0;
        while start < self.len {
            let (middle, end) = (self.at_most_len(start + width), self.at_most_len(start + 2 * width));
            let (mut left, mut right, mut at) = (start, middle, start);
            while at < end {
                let next =
                    if left >= middle || right < end && self.is_less(right, left) { &mut right } else { &mut left };
                merged.set(at, self.index(*next));
                *next += 1;
                at += 1;
            }
            start = end;
        }
        merged
    }

    const fn at_most_len(&self, at: usize) -> usize {
        if at < self.len { at } else { self.len }
    }
}
