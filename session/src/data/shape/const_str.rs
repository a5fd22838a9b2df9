//! Comparison of strings in constants, where the operators of `str` are not available.

use std::cmp::Ordering;

/// `one == other`.
pub(crate) const fn same_str(one: &str, other: &str) -> bool {
    matches!(compare_str(one, other), Ordering::Equal)
}

/// `one.cmp(other)`: byte by byte, as `str` orders.
pub(crate) const fn compare_str(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        match (one, other) {
            ([], []) => return Ordering::Equal,
            ([], _) => return Ordering::Less,
            (_, []) => return Ordering::Greater,
            ([a, ..], [b, ..]) if *a < *b => return Ordering::Less,
            ([a, ..], [b, ..]) if *a > *b => return Ordering::Greater,
            ([_, rest @ ..], [_, others @ ..]) => (one, other) = (rest, others),
        }
    }
}
