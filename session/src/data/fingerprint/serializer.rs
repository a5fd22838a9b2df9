//! The serializer that computes fingerprints, with a limit for the nesting of values.

use std::any::type_name;
use std::fmt;

use serde::ser::{self, Serialize};

use super::MAX_DEPTH;

/// Two states of 64 bits. Each step rotates a state, xors it with a word and multiplies it by an odd constant. A step
/// is reversible, so a change of a single word always changes the result; changes of several words could cancel out
/// only if they did so in both states.
pub(super) struct FingerprintSerializer {
    a: u64,
    b: u64,
    finite: bool,
    hash_order: HashOrder,
    /// The number of levels that the value may still be nested.
    levels_left: u16,
}

/// Whether the iteration order of hash maps and hash sets counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HashOrder {
    /// It counts. For fingerprints of the same value in memory, whose order does not change.
    Significant,
    /// It does not count. For two values that are compared.
    Ignored,
}

impl FingerprintSerializer {
    pub(super) fn new(hash_order: HashOrder) -> Self {
        // The first digits of pi: arbitrary, but not chosen.
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344, finite: true, hash_order, levels_left: MAX_DEPTH }
    }

    pub(super) fn finish(mut self) -> u128 {
        self.word(0);
        (u128::from(self.a) << 64) | u128::from(self.b)
    }

    pub(super) fn is_finite(&self) -> bool {
        self.finite
    }

    /// Whether the value was refused because of its nesting.
    #[cfg(any(feature = "msgpack", feature = "postcard"))]
    pub(super) fn is_too_deep(&self) -> bool {
        self.levels_left == 0
    }

    /// Enters a level, if the limit allows it.
    #[inline]
    fn enter(&mut self) -> Done {
        match self.levels_left {
            0 => Err(Refused),
            _ => {
                self.levels_left -= 1;
                Ok(())
            },
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.levels_left += 1;
    }

    /// Whether the order of the items of an `I` is to be ignored. The order of an unknown type counts: at worst, an
    /// unchanged value is written again.
    fn ignores_order_of<I>(&self) -> bool {
        let is_hashed = || {
            let name = type_name::<I>().split('<').next().unwrap_or_default();
            name.ends_with("::HashMap") || name.ends_with("::HashSet")
        };
        self.hash_order == HashOrder::Ignored && is_hashed()
    }

    /// Mixes in the sum of the fingerprints of `parts`, which does not depend on their order.
    fn unordered<T>(&mut self, parts: impl Iterator<Item = T>, mix: impl Fn(T, &mut Self) -> Done) -> Done {
        let (mut a, mut b, mut count) = (0_u64, 0_u64, 0);
        for part in parts {
            let mut serializer = Self { levels_left: self.levels_left, ..Self::new(self.hash_order) };
            let done = mix(part, &mut serializer);
            self.finite &= serializer.finite;
            done.inspect_err(|_| self.levels_left = serializer.levels_left)?;
            serializer.word(0);
            (a, b, count) = (a.wrapping_add(serializer.a), b.wrapping_add(serializer.b), count + 1);
        }
        for word in [count, a, b] {
            self.word(word);
        }
        Ok(())
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
            // The last eight bytes overlap with the word before. The length is mixed in, so this is unambiguous.
            let last = bytes.last_chunk::<8>().map(|word| u64::from_le_bytes(*word));
            self.word(last.unwrap_or_else(|| rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))));
        }
    }
}

/// The value cannot be serialized. The reason is reported when the value is encoded.
#[derive(Debug)]
pub(super) struct Refused;

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

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "only the bits count")]
impl ser::Serializer for &mut FingerprintSerializer {
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
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
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
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, iter: I) -> Done {
        if !self.ignores_order_of::<I>() {
            let iter = iter.into_iter();
            let mut seq = self.serialize_seq(exact_len(&iter))?;
            for item in iter {
                ser::SerializeSeq::serialize_element(&mut seq, &item)?;
            }
            return ser::SerializeSeq::end(seq);
        }
        self.enter()?;
        self.unordered(iter.into_iter(), |item, serializer| item.serialize(serializer))?;
        self.leave();
        Ok(())
    }

    fn collect_map<K: Serialize, V: Serialize, I: IntoIterator<Item = (K, V)>>(self, iter: I) -> Done {
        if !self.ignores_order_of::<I>() {
            let iter = iter.into_iter();
            let mut map = self.serialize_map(exact_len(&iter))?;
            for (key, value) in iter {
                ser::SerializeMap::serialize_entry(&mut map, &key, &value)?;
            }
            return ser::SerializeMap::end(map);
        }
        self.enter()?;
        self.unordered(iter.into_iter(), |(key, value), serializer| {
            key.serialize(&mut *serializer)?;
            value.serialize(serializer)
        })?;
        self.leave();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Refused> {
        self.tagged(7, length.map_or(u64::MAX, |length| length as u64));
        self.enter()?;
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
        self.enter()?;
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Refused> {
        self.tagged(9, length.map_or(u64::MAX, |length| length as u64));
        self.enter()?;
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Self, Refused> {
        self.tagged(10, length as u64);
        self.enter()?;
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
        self.enter()?;
        self.serialize_map(Some(length))
    }
}

/// Compounds whose length was mixed in at their start.
macro_rules! fixed {
    ($($trait:ident $item:ident $levels:literal;)*) => {$(
        impl ser::$trait for &mut FingerprintSerializer {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                value.serialize(&mut **self)
            }

            fn end(self) -> Done {
                self.levels_left += $levels;
                Ok(())
            }
        }
    )*};
}
fixed! {
    SerializeTuple serialize_element 1;
    SerializeTupleStruct serialize_field 1;
    SerializeTupleVariant serialize_field 2;
}

/// Structs: their fields have a fixed order, and serde reports a skipped field.
macro_rules! named {
    ($($trait:ident $levels:literal)*) => {$(
        impl ser::$trait for &mut FingerprintSerializer {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                // The address stands for the name: it is the same static string in both fingerprints.
                self.tagged(name.len() as u64, name.as_ptr().addr() as u64);
                value.serialize(&mut **self)
            }

            fn skip_field(&mut self, _name: &'static str) -> Done {
                self.tagged(13, 0);
                Ok(())
            }

            fn end(self) -> Done {
                self.levels_left += $levels;
                Ok(())
            }
        }
    )*};
}
named!(SerializeStruct 1 SerializeStructVariant 2);

impl ser::SerializeSeq for &mut FingerprintSerializer {
    type Ok = ();
    type Error = Refused;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tagged(12, 0);
        self.leave();
        Ok(())
    }
}

impl ser::SerializeMap for &mut FingerprintSerializer {
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
        self.leave();
        Ok(())
    }
}

/// The length that the default `collect_seq` of serde passes to a serializer.
fn exact_len<I: Iterator>(iter: &I) -> Option<usize> {
    match iter.size_hint() {
        (low, Some(high)) if low == high => Some(low),
        _ => None,
    }
}
