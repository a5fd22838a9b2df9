//! What becomes of a field that two requests changed: the rule of `merge = …`, as a function of three values.
//!
//! Each rule gets what a request loaded (`base`), what it made of it (`ours`), and what others have stored meanwhile
//! (`theirs`), and answers with what shall be stored. An absent field is its default. So plain Rust edits are deltas: a
//! counter that went from 3 to 5 adds two to whatever is stored now.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

/// A number that `merge = counter` can add up.
#[diagnostic::on_unimplemented(
    message = "`merge = counter` adds numbers, but this field is a `{Self}`",
    label = "not an integer",
    note = "`counter` works on i8 to i64, u8 to u64, isize and usize; for other types write a function and `merge = with(path)`"
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

/// `merge = counter`.
pub fn counter<T: Counter>(base: T, ours: T, theirs: T) -> T {
    T::combined(base, ours, theirs)
}

/// `merge = max`.
pub fn max<T: Ordered>(_base: T, ours: T, theirs: T) -> T {
    ours.larger(theirs)
}

/// `merge = min`.
pub fn min<T: Ordered>(_base: T, ours: T, theirs: T) -> T {
    ours.smaller(theirs)
}

/// A type that `merge = max` and `merge = min` can compare.
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

/// A collection that `merge = union` can join.
#[diagnostic::on_unimplemented(
    message = "`merge = union` joins sets and maps, but this field is a `{Self}`",
    label = "not a set or a map",
    note = "`union` works on BTreeSet, HashSet, BTreeMap and HashMap; for a list use `merge = log(n)`"
)]
pub trait Union: Sized {
    /// `theirs`, plus what `ours` has gained over `base`, less what it has lost.
    #[must_use]
    fn combined(base: Self, ours: Self, theirs: Self) -> Self;
}

/// `merge = union`. An entry that one request adds and another removes is kept if the adding one commits last.
pub fn union<T: Union>(base: T, ours: T, theirs: T) -> T {
    T::combined(base, ours, theirs)
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

/// Maps join entry by entry: an entry that this request added or changed is its own, any other is theirs.
macro_rules! map_union {
    ($map:ident, $($bound:ident)+, $($hasher:ident)?) => {
        #[diagnostic::do_not_recommend]
        impl<K: $($bound +)+, V: serde::Serialize $(, $hasher: BuildHasher)?> Union for $map<K, V $(, $hasher)?> {
            fn combined(base: Self, ours: Self, mut theirs: Self) -> Self {
                theirs.retain(|key, _| ours.contains_key(key) || !base.contains_key(key));
                theirs.extend(ours.into_iter().filter(|(key, value)| !base.get(key).is_some_and(|old| same(old, value))));
                theirs
            }
        }
    };
}
map_union!(BTreeMap, Ord,);
map_union!(HashMap, Eq Hash, S);

/// Whether two values are stored alike. The type's own `==` may look at an id only, and hide a change.
fn same<T: serde::Serialize>(one: &T, other: &T) -> bool {
    match (serde_json::to_vec(one), serde_json::to_vec(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// A list that `merge = log(n)` can append to.
#[diagnostic::on_unimplemented(
    message = "`merge = log(n)` appends to lists, but this field is a `{Self}`",
    label = "not a list",
    note = "`log` works on Vec and VecDeque; for a set or a map use `merge = union`"
)]
pub trait Log: Sized {
    /// `theirs` with the tail that `ours` has gained over `base`, the newest `cap` of them.
    #[must_use]
    fn combined(base: Self, ours: Self, theirs: Self, cap: usize) -> Self;
    /// The newest `cap` items.
    #[must_use]
    fn capped(self, cap: usize) -> Self;
}

/// `merge = log(cap)`. A request that did more than append (and trim the front) replaces the list.
pub fn log<T: Log>(base: T, ours: T, theirs: T, cap: usize) -> T {
    T::combined(base, ours, theirs, cap)
}

// Neither list is what a set should become.
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Log for Vec<T> {
    fn combined(base: Self, ours: Self, mut theirs: Self, cap: usize) -> Self {
        let mut ours = ours;
        // How much of the front was trimmed: the longest tail of `base` that `ours` begins with.
        let kept = (0..=base.len().min(ours.len())).rev().find(|&kept| {
            let tail = base.get(base.len() - kept..).unwrap_or_default();
            tail.iter().zip(&ours).all(|(old, new)| same(old, new))
        });
        match kept {
            // Nothing of what was there is left: the list was replaced.
            Some(0) if !base.is_empty() => ours.capped(cap),
            Some(kept) => {
                // What this request took from the front is gone for all, unless others have done so already.
                let trimmed = base.get(..base.len() - kept).unwrap_or_default();
                if theirs.len() >= trimmed.len() && trimmed.iter().zip(&theirs).all(|(old, new)| same(old, new)) {
                    theirs.drain(..trimmed.len());
                }
                theirs.extend(ours.drain(kept..));
                theirs.capped(cap)
            },
            None => ours.capped(cap),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(log(vec![1, 2], vec![2], vec![1, 2], 9), [2], "trimmed with nobody else there");
        assert_eq!(log(vec![1, 2], vec![2], vec![2, 3], 9), [2, 3], "trimmed by both");
        assert_eq!(log(vec![1, 2], vec![9], vec![1, 2, 4], 3), [9], "replaced");
        assert_eq!(log(vec![], vec![3], vec![4], 3), [4, 3]);
        assert_eq!(log(vec![1, 2], vec![], vec![1, 2, 4], 3), Vec::<i32>::new(), "cleared");
    }
}
