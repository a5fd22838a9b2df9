//! Members and variants by name, while compiling: an enum of some hundred variants must not exhaust the compiler's patience.

use super::text::{Sign, compare};
use super::{Member, Shape, Variant};

/// More than can be written out in a text.
const MOST: usize = 5500;

/// What has names.
#[derive(Clone, Copy)]
pub(crate) enum List {
    Members(&'static [Member]),
    Variants(&'static [Variant]),
}

/// One of a list.
#[derive(Clone, Copy)]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) optional: bool,
    pub(crate) content: Option<&'static Shape>,
}

impl List {
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Members(members) => members.len(),
            Self::Variants(variants) => variants.len(),
        }
    }

    /// The one in this place.
    pub(crate) const fn get(self, place: usize) -> Option<Item> {
        match self {
            Self::Members(members) => match members.split_at_checked(place) {
                Some((_, [Member { name, shape, optional, .. }, ..])) => {
                    Some(Item { name, optional: *optional, content: Some(shape) })
                },
                _ => None,
            },
            Self::Variants(variants) => match variants.split_at_checked(place) {
                Some((_, [Variant { name, content }, ..])) => Some(Item { name, optional: false, content: *content }),
                _ => None,
            },
        }
    }

    /// All of them, in the order in which they are declared.
    pub(crate) const fn declared(self) -> Ordered {
        let len = if self.len() < MOST { self.len() } else { MOST };
        let mut ordered = Ordered { list: self, places: [0; MOST], len };
        let mut at = 0;
        while at < len {
            ordered.set(at, at);
            at += 1;
        }
        ordered
    }

    /// All of them, sorted by name: by merging runs, which costs a name some comparisons, and not one with each other name.
    pub(crate) const fn sorted(self) -> Ordered {
        let mut ordered = self.declared();
        let mut width = 1;
        while width < ordered.len && !ordered.is_sorted() {
            ordered = ordered.merged(width);
            width *= 2;
        }
        ordered
    }
}

/// A list in an order. One that is longer than any text loses its end, and is too long all the same.
pub(crate) struct Ordered {
    list: List,
    places: [u16; MOST],
    len: usize,
}

impl Ordered {
    /// The one that comes after `at` others.
    pub(crate) const fn get(&self, at: usize) -> Option<Item> {
        if at < self.len { self.list.get(self.place(at)) } else { None }
    }

    const fn place(&self, at: usize) -> usize {
        match self.places.split_at_checked(at) {
            Some((_, [place, ..])) => *place as usize,
            _ => 0,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer")]
    const fn set(&mut self, at: usize, place: usize) {
        if let Some((_, [slot, ..])) = self.places.split_at_mut_checked(at) {
            *slot = place as u16;
        }
    }

    /// Whether one name comes before another.
    const fn is_less(&self, at: usize, other: usize) -> bool {
        match (self.get(at), self.get(other)) {
            (Some(one), Some(other)) => matches!(compare(one.name, other.name), Sign::Less),
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

    /// Each two neighbours of the sorted runs of `width` as one.
    const fn merged(&self, width: usize) -> Self {
        let mut merged = self.list.declared();
        let mut start = 0;
        while start < self.len {
            let (middle, end) = (self.within(start + width), self.within(start + 2 * width));
            let (mut left, mut right, mut at) = (start, middle, start);
            while at < end {
                let next =
                    if left >= middle || right < end && self.is_less(right, left) { &mut right } else { &mut left };
                merged.set(at, self.place(*next));
                *next += 1;
                at += 1;
            }
            start = end;
        }
        merged
    }

    const fn within(&self, at: usize) -> usize {
        if at < self.len { at } else { self.len }
    }
}
