//! The merge strategies of fields that two requests changed (`merge = …`), as functions of three values.
//!
//! A strategy takes the value that the request loaded (`base`), the value that it set (`ours`) and the value that
//! another request has stored in the meantime (`theirs`), and returns the value to store. A field that is not stored
//! has its default. Ordinary Rust assignments thus act as deltas: a counter that a request changed from 3 to 5 adds 2
//! to the stored value.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use crate::data::fingerprint::{content, same_content};

/// A number for `merge = counter`.
#[diagnostic::on_unimplemented(
    message = "`merge = counter` adds numbers, but this field is a `{Self}`",
    label = "not an integer",
    note = "`counter` works on i8 to i64, u8 to u64, isize and usize; for other types write a function and \
            `merge = with(path)`"
)]
pub trait Counter: Copy {
    /// The sum, at most the largest value of the type.
    #[must_use]
    fn plus(self, amount: Self) -> Self;
    /// `theirs + (ours - base)`, kept within the type's bounds.
    #[must_use]
    fn combined(base: Self, ours: Self, theirs: Self) -> Self;
}

macro_rules! counters {
    ($($type:ty)*) => {$(
        impl Counter for $type {
            fn plus(self, amount: Self) -> Self {
                self.saturating_add(amount)
            }

            fn combined(base: Self, ours: Self, theirs: Self) -> Self {
                let sum = i128::from(theirs) + i128::from(ours) - i128::from(base);
                Self::try_from(sum).unwrap_or(if sum < 0 { Self::MIN } else { Self::MAX })
            }
        }
    )*};
}
counters!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! word_counters {
    ($($type:ty as $wide:ty)*) => {$(
        impl Counter for $type {
            fn plus(self, amount: Self) -> Self {
                self.saturating_add(amount)
            }

            fn combined(base: Self, ours: Self, theirs: Self) -> Self {
                let sum = <$wide>::combined(base as $wide, ours as $wide, theirs as $wide);
                Self::try_from(sum).unwrap_or(if sum < (0 as $wide) { Self::MIN } else { Self::MAX })
            }
        }
    )*};
}
word_counters!(isize as i64 usize as u64);

/// A type for `merge = max` and `merge = min`.
#[diagnostic::on_unimplemented(
    message = "`merge = max` and `merge = min` compare values, but `{Self}` has no total order",
    label = "needs `Ord`",
    note = "implement `Ord` for `{Self}`, or write a function and `merge = with(path)`"
)]
pub trait Ordered: Sized {
    /// The larger of the two.
    #[must_use]
    fn larger(self, other: Self) -> Self;
    /// The smaller of the two.
    #[must_use]
    fn smaller(self, other: Self) -> Self;
}
impl<T: Ord> Ordered for T {
    fn larger(self, other: Self) -> Self {
        self.max(other)
    }

    fn smaller(self, other: Self) -> Self {
        self.min(other)
    }
}

/// A collection for `merge = union`. If one request adds an entry and another one removes it, the later commit decides.
#[diagnostic::on_unimplemented(
    message = "`merge = union` joins sets and maps, but this field is a `{Self}`",
    label = "not a set or a map",
    note = "`union` works on BTreeSet, HashSet, BTreeMap and HashMap; for a list use `merge = log(n)`"
)]
pub trait Union: Sized {
    /// `theirs` with the entries that `ours` added to `base`, and without those that it removed.
    #[must_use]
    fn combined(base: Self, ours: Self, theirs: Self) -> Self;
}

macro_rules! set_union {
    ($set:ident, $($bound:ident)+, $($hasher:ident)?) => {
        #[diagnostic::do_not_recommend]
        impl<T: $($bound +)+ $(, $hasher: BuildHasher)?> Union for $set<T $(, $hasher)?> {
            fn combined(base: Self, ours: Self, mut theirs: Self) -> Self {
                theirs.retain(|item| ours.contains(item) || !base.contains(item));
                theirs.extend(ours.into_iter().filter(|item| !base.contains(item)));
                theirs
            }
        }
    };
}
set_union!(BTreeSet, Ord,);
set_union!(HashSet, Eq Hash, S);

/// Maps are merged by entry: of an entry that this request added or changed, its value is kept; of any other entry, the
/// stored one.
macro_rules! map_union {
    ($map:ident, $($bound:ident)+, $($hasher:ident)?) => {
        #[diagnostic::do_not_recommend]
        impl<K: $($bound +)+, V: serde::Serialize $(, $hasher: BuildHasher)?> Union for $map<K, V $(, $hasher)?> {
            fn combined(base: Self, ours: Self, mut theirs: Self) -> Self {
                theirs.retain(|key, _| ours.contains_key(key) || !base.contains_key(key));
                let is_unchanged = |key: &K, value: &V| base.get(key).is_some_and(|old| same_content(old, value));
                theirs.extend(ours.into_iter().filter(|(key, value)| !is_unchanged(key, value)));
                theirs
            }
        }
    };
}
map_union!(BTreeMap, Ord,);
map_union!(HashMap, Eq Hash, S);

/// A list for `merge = log(n)`. A request that did more than append items and remove items at the front replaces the
/// list.
#[diagnostic::on_unimplemented(
    message = "`merge = log(n)` appends to lists, but this field is a `{Self}`",
    label = "not a list",
    note = "`log` works on Vec and VecDeque; for a set or a map use `merge = union`"
)]
pub trait Log: Sized {
    /// `theirs` with the items that `ours` appended to `base`; the newest `cap` of them.
    #[must_use]
    fn combined(base: Self, ours: Self, theirs: Self, cap: usize) -> Self;
    /// The newest `cap` items.
    #[must_use]
    fn capped(self, cap: usize) -> Self;
}

// `do_not_recommend`: for a set, the compiler would suggest the list types.
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Log for Vec<T> {
    fn combined(base: Self, mut ours: Self, mut theirs: Self, cap: usize) -> Self {
        let (Some(old), Some(new)) = (contents(&base), contents(&ours)) else { return ours.capped(cap) };
        // The longest tail of `base` that `ours` begins with: the items before it were removed at the front.
        let kept = overlap(&old, &new);
        if kept == 0 && !base.is_empty() {
            // No item of `base` is left: the list was replaced.
            return ours.capped(cap);
        }
        // Items that this request removed at the front are removed from `theirs`, if they are still there.
        let trimmed = old.get(..old.len() - kept).unwrap_or_default();
        let is_there = theirs.get(..trimmed.len()).and_then(contents).is_some_and(|first| first == trimmed);
        if is_there {
            theirs.drain(..trimmed.len());
        }
        theirs.extend(ours.drain(kept..));
        theirs.capped(cap)
    }

    fn capped(mut self, cap: usize) -> Self {
        self.drain(..self.len().saturating_sub(cap));
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Log for VecDeque<T> {
    fn combined(base: Self, ours: Self, theirs: Self, cap: usize) -> Self {
        Vec::combined(base.into(), ours.into(), theirs.into(), cap).into()
    }

    fn capped(self, cap: usize) -> Self {
        Vec::from(self).capped(cap).into()
    }
}

/// What stands for each item, so that an item is serialized once however often it is compared. The `==` of a type may
/// compare an id only, and miss a change. `None` if an item cannot be serialized.
fn contents<T: serde::Serialize>(items: &[T]) -> Option<Vec<u128>> {
    items.iter().map(content).collect()
}

/// The number of items in the longest end of `base` that `ours` begins with. Linear, by the method of Knuth, Morris and
/// Pratt.
fn overlap(base: &[u128], ours: &[u128]) -> usize {
    // For each beginning of `ours`: the length of its longest proper beginning that is its end too.
    let mut borders = Vec::with_capacity(ours.len());
    let mut matched = 0;
    for item in ours {
        if !borders.is_empty() {
            matched = extended(ours, &borders, matched, item);
        }
        borders.push(matched);
    }
    let end = base.get(base.len().saturating_sub(ours.len())..).unwrap_or_default();
    end.iter().fold(0, |matched, item| extended(ours, &borders, matched, item))
}

/// The length of the longest beginning of `ours` that the items so far end with, after `item` follows. Before, it was
/// `matched`.
fn extended(ours: &[u128], borders: &[usize], mut matched: usize, item: &u128) -> usize {
    while ours.get(matched) != Some(item) {
        match matched.checked_sub(1).and_then(|last| borders.get(last)) {
            Some(shorter) => matched = *shorter,
            None => return 0,
        }
    }
    matched + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter<T: Counter>(base: T, ours: T, theirs: T) -> T {
        T::combined(base, ours, theirs)
    }

    fn union<T: Union>(base: T, ours: T, theirs: T) -> T {
        T::combined(base, ours, theirs)
    }

    fn log<T: Log>(base: T, ours: T, theirs: T, cap: usize) -> T {
        T::combined(base, ours, theirs, cap)
    }

    #[test]
    fn counters_add_up_and_stop_at_the_bounds() {
        assert_eq!(counter(10_u64, 12, 13), 15);
        assert_eq!(counter(10_u64, 3, 2), 0);
        assert_eq!(counter(0_i8, 100, 100), 127);
        assert_eq!(counter(0_usize, usize::MAX, usize::MAX), usize::MAX);
        assert_eq!(counter(0_isize, isize::MIN, -1), isize::MIN);
    }

    #[test]
    fn a_set_keeps_what_both_added_and_loses_what_either_removed() {
        let set = |items: &str| items.chars().collect::<BTreeSet<_>>();
        assert_eq!(union(set("ab"), set("bc"), set("abd")), set("bcd"));
    }

    #[test]
    fn a_map_is_merged_entry_by_entry() {
        let map = |entries: &[(char, u32)]| entries.iter().copied().collect::<HashMap<_, _>>();
        let merged =
            union(map(&[('a', 1), ('b', 1)]), map(&[('a', 2), ('c', 1)]), map(&[('a', 1), ('b', 1), ('d', 1)]));
        assert_eq!(merged, map(&[('a', 2), ('c', 1), ('d', 1)]));
    }

    #[test]
    fn a_log_takes_both_tails_and_keeps_the_newest() {
        assert_eq!(log(vec![1, 2], vec![1, 2, 3], vec![1, 2, 4], 10), [1, 2, 4, 3]);
        assert_eq!(log(vec![1, 2], vec![2, 3], vec![1, 2, 4], 3), [2, 4, 3], "trimmed at the front");
        assert_eq!(log(vec![1, 2], vec![2], vec![1, 2], 9), [2], "trimmed without a concurrent change");
        assert_eq!(log(vec![1, 2], vec![2], vec![2, 3], 9), [2, 3], "trimmed by both");
        assert_eq!(log(vec![1, 2], vec![9], vec![1, 2, 4], 3), [9], "replaced");
        assert_eq!(log(vec![], vec![3], vec![4], 3), [4, 3]);
        assert_eq!(log(vec![1, 2], vec![], vec![1, 2, 4], 3), Vec::<i32>::new(), "cleared");
    }

    /// All short lists of two different items, against the definition.
    #[test]
    fn the_overlap_is_the_longest_one() {
        let lists: Vec<Vec<u128>> = (0..7_u32)
            .flat_map(|length| (0..1_u32 << length).map(move |bits| (length, bits)))
            .map(|(length, bits)| (0..length).map(|bit| u128::from(bits >> bit & 1)).collect())
            .collect();
        for base in &lists {
            for ours in &lists {
                let longest = (0..=base.len().min(ours.len())).rev().find(|&kept| base.ends_with(&ours[..kept]));
                assert_eq!(Some(overlap(base, ours)), longest, "{base:?} {ours:?}");
            }
        }
    }

    /// Twice as many items cost about twice as much. An item counts how often it is serialized.
    #[test]
    fn an_edit_amid_equal_items_is_merged_in_linear_time() {
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        static SERIALIZED: AtomicUsize = AtomicUsize::new(0);
        #[derive(Clone, Debug, PartialEq)]
        struct Item(char);
        impl serde::Serialize for Item {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                SERIALIZED.fetch_add(1, Relaxed);
                serializer.serialize_char(self.0)
            }
        }
        let base = vec![Item('a'); 4_000];
        let mut ours = base.clone();
        ours[2_000] = Item('b');
        let theirs = [&base[..], &[Item('c')]].concat();
        let merged = log(base.clone(), ours.clone(), theirs, 5_000);
        assert_eq!(merged, [&base[..2_000], &[Item('c')], &ours[2_000..]].concat());
        let serialized = SERIALIZED.load(Relaxed);
        assert!(serialized <= 3 * 4_001, "{serialized} items were serialized");
    }
}
