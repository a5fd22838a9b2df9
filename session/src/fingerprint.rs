//! A fingerprint of a value, by way of its `Serialize`: to tell whether a handler has changed it.
//!
//! It costs a tenth of an encoding, because nothing is formatted or escaped, and it needs no `PartialEq` and no `Clone` of the
//! value's type: a hand-written `==` that looks at an id only would hide a change. Two fingerprints are compared that were
//! taken of one value in memory, before and after, so a hash map's order is the same in both. 128 bits make a change that
//! goes unseen less likely than a failing memory chip.

use std::fmt;

use serde::ser::{self, Serialize};

/// Of a value that can be serialized; `None` of one that cannot.
pub(crate) fn fingerprint<T: Serialize + ?Sized>(value: &T) -> Option<u128> {
    // Digits of pi.
    let mut mixer = Mixer::new();
    value.serialize(&mut mixer).ok()?;
    mixer.word(0);
    Some((u128::from(mixer.a) << 64) | u128::from(mixer.b))
}

/// Whether every number with a fraction in `value` is one: neither NaN nor infinite.
pub(crate) fn is_finite<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut mixer = Mixer::new();
    value.serialize(&mut mixer).is_ok() && mixer.finite
}

/// Two states of 64 bits, each turned, mixed with a word and multiplied by an odd number of its own. Every step can be undone, so a
/// change of one word can never go unseen, and of several only if both states agree to it.
struct Mixer {
    a: u64,
    b: u64,
    finite: bool,
}

impl Mixer {
    fn new() -> Self {
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344, finite: true }
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.a = (self.a.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.b = (self.b.rotate_left(23) ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }

    #[inline]
    fn tagged(&mut self, tag: u64, word: u64) {
        self.word(word ^ tag.rotate_left(56));
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        self.tagged(1, bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            // The last eight bytes, some of them once more: the length is known, so nothing is ambiguous.
            let last = bytes.last_chunk::<8>().map(|word| u64::from_le_bytes(*word));
            self.word(last.unwrap_or_else(|| rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))));
        }
    }
}

/// A type refused to be serialized; why is said when it is encoded.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot be serialized")
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Done = Result<(), Refused>;

macro_rules! words {
    ($($method:ident $type:ty: $tag:literal $value:ident => $word:expr;)*) => {$(
        fn $method(self, $value: $type) -> Done {
            self.tagged($tag, $word);
            Ok(())
        }
    )*};
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "bits are bits")]
impl ser::Serializer for &mut Mixer {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    words! {
        serialize_bool bool: 14 value => u64::from(value);
        serialize_i8 i8: 15 value => value as u64;
        serialize_i16 i16: 15 value => value as u64;
        serialize_i32 i32: 15 value => value as u64;
        serialize_i64 i64: 15 value => value as u64;
        serialize_u8 u8: 16 value => u64::from(value);
        serialize_u16 u16: 16 value => u64::from(value);
        serialize_u32 u32: 16 value => u64::from(value);
        serialize_u64 u64: 16 value => value;
        serialize_char char: 19 value => u64::from(value);
    }

    fn serialize_f32(self, value: f32) -> Done {
        self.finite &= value.is_finite();
        self.tagged(17, u64::from(value.to_bits()));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Done {
        self.finite &= value.is_finite();
        self.tagged(18, value.to_bits());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Done {
        self.tagged(22, 0);
        self.serialize_u128(value as u128)
    }

    fn serialize_u128(self, value: u128) -> Done {
        self.tagged(21, value as u64);
        self.word((value >> 64) as u64);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Done {
        self.bytes(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.tagged(20, 0);
        self.bytes(value);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.tagged(2, 0);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.tagged(3, 0);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.tagged(4, 0);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, index: u32, _variant: &'static str) -> Done {
        self.tagged(5, u64::from(index));
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Done {
        self.tagged(6, u64::from(index));
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Refused> {
        self.tagged(7, length.map_or(u64::MAX, |length| length as u64));
        Ok(self)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self, Refused> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Self, Refused> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        length: usize,
    ) -> Result<Self, Refused> {
        self.tagged(8, u64::from(index));
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Refused> {
        self.tagged(9, length.map_or(u64::MAX, |length| length as u64));
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Self, Refused> {
        self.tagged(10, length as u64);
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        length: usize,
    ) -> Result<Self, Refused> {
        self.tagged(11, u64::from(index));
        self.serialize_map(Some(length))
    }
}

/// Compounds of a length that their beginning has told.
macro_rules! fixed {
    ($($trait:ident $item:ident;)*) => {$(
        impl ser::$trait for &mut Mixer {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                value.serialize(&mut **self)
            }

            fn end(self) -> Done {
                Ok(())
            }
        }
    )*};
}
fixed! {
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// Structs: their fields come in one order, and one that is left out says so.
macro_rules! named {
    ($($trait:ident)*) => {$(
        impl ser::$trait for &mut Mixer {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                // By where it stands: it is the same string before and after.
                self.tagged(name.len() as u64, name.as_ptr().addr() as u64);
                value.serialize(&mut **self)
            }

            fn skip_field(&mut self, _name: &'static str) -> Done {
                self.tagged(13, 0);
                Ok(())
            }

            fn end(self) -> Done {
                Ok(())
            }
        }
    )*};
}
named!(SerializeStruct SerializeStructVariant);

impl ser::SerializeSeq for &mut Mixer {
    type Ok = ();
    type Error = Refused;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tagged(12, 0);
        Ok(())
    }
}

impl ser::SerializeMap for &mut Mixer {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tagged(12, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Serialize;

    use super::*;

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

    /// Every cart is another one, and each has one fingerprint.
    #[test]
    fn neighbours_differ() {
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

    /// Values of one type that serialize to one shape.
    #[test]
    fn kinds_differ() {
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
    fn strings_of_every_length_differ() {
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
