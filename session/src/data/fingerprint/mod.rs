//! A fingerprint of a value, computed by its `Serialize`, to detect whether a handler has changed it.
//!
//! It costs less than an encoding, because it formats and escapes nothing. It needs no `Clone` and no `PartialEq`; a
//! hand-written `==` that compares an id only would miss a change. The two fingerprints that are compared are taken of
//! the same value in memory, before and after, so the order of a hash map is the same in both.
//!
//! A client chooses the values of a session, and a change whose fingerprint collides is not written. Therefore the hash
//! function has a key that a client cannot know: random, made once per process. Fingerprints are never stored or sent.

use std::sync::OnceLock;

use serde::ser::Serialize;

use self::serializer::{FingerprintSerializer, HashOrder};
use self::tokens::Key;
use crate::base::clock::{Rng as _, SystemRng};
use crate::base::secret::exposing_secrets;

mod serializer;
mod tokens;

/// The maximum nesting of a value. Lists, maps, structs, variants with content and `Some` count as a level each. A
/// value within the 127 brackets that JSON allows is within this limit.
pub(crate) const MAX_DEPTH: u16 = 256;

/// The fingerprint of `value`. `None` if it cannot be serialized or is nested too deeply, or if the system has no
/// random bytes for the key: then nothing can be said of a change, and the value is encoded to compare it.
pub(crate) fn fingerprint<T: Serialize + ?Sized>(value: &T) -> Option<u128> {
    hashed(value, HashOrder::Significant)
}

/// As [`fingerprint`], without regard to the order of hash maps and hash sets: for values that are decoded twice.
pub(crate) fn content<T: Serialize + ?Sized>(value: &T) -> Option<u128> {
    hashed(value, HashOrder::Ignored)
}

/// Whether two values are equal, without regard to the order of their hash maps and hash sets.
pub(crate) fn same_content<T: Serialize + ?Sized>(one: &T, other: &T) -> bool {
    let one = content(one);
    one.is_some() && one == content(other)
}

/// Whether all floating-point numbers in `value` are finite.
pub(crate) fn is_finite<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut serializer = FingerprintSerializer::new(Key::default(), HashOrder::Significant);
    exposing_secrets(|| value.serialize(&mut serializer)).is_ok() && serializer.is_finite()
}

/// Whether `value` is nested at most [`MAX_DEPTH`] levels deep.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
pub(crate) fn is_within_max_depth<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut serializer = FingerprintSerializer::new(Key::default(), HashOrder::Significant);
    // Other errors are reported when the value is encoded.
    exposing_secrets(|| value.serialize(&mut serializer)).is_ok() || !serializer.is_too_deep()
}

fn hashed<T: Serialize + ?Sized>(value: &T, hash_order: HashOrder) -> Option<u128> {
    let mut serializer = FingerprintSerializer::new(key()?, hash_order);
    exposing_secrets(|| value.serialize(&mut serializer)).ok()?;
    Some(serializer.finish())
}

/// The key of this process. The generator that an application sets makes ids, and a test may set one that is not
/// random, so the key is not made by it.
fn key() -> Option<Key> {
    static KEY: OnceLock<Key> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Some(*key);
    }
    let mut halves = [[0; 8]; 2];
    SystemRng.fill(halves.as_flattened_mut()).ok()?;
    Some(*KEY.get_or_init(|| halves.map(u64::from_le_bytes)))
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

    /// Numbers of two types whose bits differ only where a tag could be mixed in.
    #[test]
    fn the_type_of_a_number_is_not_mixed_with_its_bits() {
        for negative in [-1_i64, i64::MIN, i64::MIN >> 3] {
            for byte in 0..=255 {
                let unsigned = negative.cast_unsigned() ^ (byte << 56);
                let [one, other] = [serde_json::json!(negative), serde_json::json!(unsigned)];
                assert_ne!(fingerprint(&one), fingerprint(&other), "{one} and {other}");
            }
        }
    }

    /// A `Serialize` that is written by hand may give all variants one index. JSON stores their names.
    #[test]
    fn variants_are_told_apart_by_their_names() {
        struct ByHand(&'static str);
        impl Serialize for ByHand {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_unit_variant("ByHand", 0, self.0)
            }
        }
        assert_ne!(fingerprint(&ByHand("on")), fingerprint(&ByHand("off")));
        assert_eq!(fingerprint(&ByHand("on")), fingerprint(&ByHand("on")));
    }

    /// Compounds say where they end: no item moves from one list to the next.
    #[test]
    fn compounds_have_ends() {
        struct Lying(usize);
        impl Serialize for Lying {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeTuple as _;
                let mut tuple = serializer.serialize_tuple(7)?;
                (0..self.0).try_for_each(|_| tuple.serialize_element(&()))?;
                tuple.end()
            }
        }
        assert_ne!(fingerprint(&(Lying(1), Lying(2))), fingerprint(&(Lying(2), Lying(1))));
        assert_ne!(fingerprint(&[vec![1], vec![2, 3]]), fingerprint(&[vec![1, 2], vec![3]]));
    }

    /// Two lists that had one fingerprint when the hash function had no key: found by a cycle of 2^29 steps.
    #[test]
    fn a_collision_of_a_hash_without_a_key_is_a_difference() {
        let lists = [vec![0x217d_c5bb_2e91_0e26_u64, 0], vec![0xa6fe_9b07_544b_1a29, 0xeb6c_9645_4e96_ff7e]];
        assert_ne!(fingerprint(&lists[0]), fingerprint(&lists[1]));
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
