//! A fingerprint of a value, computed by its `Serialize`, to detect whether a handler has changed it.
//!
//! It costs a tenth of an encoding, because it formats and escapes nothing. It needs no `Clone` and no `PartialEq`; a
//! hand-written `==` that compares an id only would miss a change. The two fingerprints that are compared are taken of
//! the same value in memory, before and after, so the order of a hash map is the same in both. With 128 bits, a change
//! that is missed is less likely than a memory error.

use serde::ser::Serialize;

use self::serializer::{FingerprintSerializer, HashOrder};

mod serializer;

/// The maximum nesting of a value. Lists, maps, structs, variants with content and `Some` count as a level each. A
/// value within the 127 brackets that JSON allows is within this limit.
pub(crate) const MAX_DEPTH: u16 = 256;

/// The fingerprint of `value`; `None` if it cannot be serialized or is nested too deeply.
pub(crate) fn fingerprint<T: Serialize + ?Sized>(value: &T) -> Option<u128> {
    let mut serializer = FingerprintSerializer::new(HashOrder::Significant);
    value.serialize(&mut serializer).ok()?;
    Some(serializer.finish())
}

/// Whether two values are equal, without regard to the order of their hash maps and hash sets.
pub(crate) fn same_content<T: Serialize + ?Sized>(one: &T, other: &T) -> bool {
    let [one, other] = [one, other].map(|value| {
        let mut serializer = FingerprintSerializer::new(HashOrder::Ignored);
        value.serialize(&mut serializer).ok()?;
        Some(serializer.finish())
    });
    one.is_some() && one == other
}

/// Whether all floating-point numbers in `value` are finite.
pub(crate) fn is_finite<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut serializer = FingerprintSerializer::new(HashOrder::Significant);
    value.serialize(&mut serializer).is_ok() && serializer.is_finite()
}

/// Whether `value` is nested at most [`MAX_DEPTH`] levels deep.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
pub(crate) fn is_within_max_depth<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut serializer = FingerprintSerializer::new(HashOrder::Significant);
    // Other errors are reported when the value is encoded.
    value.serialize(&mut serializer).is_ok() || !serializer.is_too_deep()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Serialize;

    use super::*;

    #[test]
    fn the_order_of_hash_maps_is_not_content() {
        let pairs = (0..50).map(|number| (number, number.to_string()));
        let map = || pairs.clone().collect::<HashMap<u32, String>>();
        let set = || (0..50).collect::<std::collections::HashSet<u32>>();
        assert!(same_content(&(map(), [set()]), &(map(), [set()])));
        let mut other = map();
        other.insert(7, "8".into());
        assert!(!same_content(&map(), &other));
        assert!(!same_content(&set(), &(1..51).collect()));
        assert!(!same_content(&vec![1, 2], &vec![2, 1]), "a list has an order");
    }

    #[derive(Serialize, Clone, Default)]
    struct Cart {
        items: Vec<(String, u32)>,
        note: Option<String>,
        flags: HashMap<String, bool>,
        size: Size,
    }

    #[derive(Serialize, Clone, Default)]
    enum Size {
        #[default]
        Small,
        Wide(u8),
        Odd {
            by: f64,
        },
    }

    /// All carts differ, and each has one fingerprint.
    #[test]
    fn similar_values_have_different_fingerprints() {
        let base = Cart { items: vec![("tea".into(), 1), ("cup".into(), 2)], ..Cart::default() };
        let with = |change: &dyn Fn(&mut Cart)| {
            let mut cart = base.clone();
            change(&mut cart);
            cart
        };
        let carts = [
            base.clone(),
            with(&|cart| cart.items.swap(0, 1)),
            with(&|cart| cart.items[0].1 = 2),
            with(&|cart| cart.items[0].0.push('\0')),
            with(&|cart| cart.items.push((String::new(), 0))),
            with(&|cart| cart.items.clear()),
            with(&|cart| cart.note = Some(String::new())),
            with(&|cart| cart.note = Some("\0".into())),
            with(&|cart| cart.note = Some("\0\0\0\0\0\0\0\0".into())),
            with(&|cart| assert!(cart.flags.insert(String::new(), false).is_none())),
            with(&|cart| assert!(cart.flags.insert(String::new(), true).is_none())),
            with(&|cart| cart.size = Size::Wide(0)),
            with(&|cart| cart.size = Size::Wide(1)),
            with(&|cart| cart.size = Size::Odd { by: 0.0 }),
            with(&|cart| cart.size = Size::Odd { by: -0.0 }),
        ];
        let prints: Vec<_> = carts.iter().map(fingerprint).collect();
        for (one, print) in prints.iter().enumerate() {
            assert_eq!(fingerprint(&carts[one]), *print, "stable");
            assert!(prints.iter().skip(one + 1).all(|other| other != print), "cart {one}");
        }
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Shape {
        Circle { radius: u32 },
        Square { side: u32 },
    }

    /// Values of one type that serde serializes in similar ways.
    #[test]
    fn kinds_of_values_have_different_fingerprints() {
        let values = [
            "0",
            "false",
            "0.0",
            "null",
            "\"\"",
            "[]",
            "{}",
            "1",
            "true",
            "-1",
            "18446744073709551615",
            "\"0\"",
            "[0]",
        ];
        let values = values.map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        let prints: std::collections::HashSet<_> = values.iter().map(fingerprint).collect();
        assert_eq!(prints.len(), values.len());
        assert_ne!(fingerprint(&Shape::Circle { radius: 1 }), fingerprint(&Shape::Square { side: 1 }));
    }

    #[test]
    fn strings_of_all_lengths_have_different_fingerprints() {
        let mut seen = std::collections::HashSet::new();
        for length in 0..200 {
            for letter in ['a', 'b', '\0'] {
                let text: String = std::iter::repeat_n(letter, length).collect();
                let _ = seen.insert(fingerprint(&text));
            }
        }
        assert_eq!(seen.len(), 199 * 3 + 1);
    }
}
