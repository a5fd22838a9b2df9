//! The serializer that computes fingerprints, with a limit for the nesting of values.

#![expect(clippy::inline_always, reason = "measured: the length of a member's name is then a constant")]

use std::any::type_name;
use std::fmt;

use serde::ser::{self, Serialize};

use super::MAX_DEPTH;
use super::tokens::{Key, Tokens, tag};

pub(super) struct FingerprintSerializer {
    tokens: Tokens,
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
    pub(super) fn new(key: Key, hash_order: HashOrder) -> Self {
        Self { tokens: Tokens::new(key), finite: true, hash_order, levels_left: MAX_DEPTH }
    }

    pub(super) fn finish(&mut self) -> u128 {
        self.tokens.finish()
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

    /// Hashes the sum of the fingerprints of `parts`, which does not depend on their order.
    fn unordered<T>(&mut self, parts: impl Iterator<Item = T>, hash: impl Fn(T, &mut Self) -> Done) -> Done {
        let (mut sum, mut count) = (0_u128, 0);
        for part in parts {
            let mut serializer = Self { tokens: self.tokens.emptied(), ..*self };
            let done = hash(part, &mut serializer);
            self.finite &= serializer.finite;
            done.inspect_err(|_| self.levels_left = serializer.levels_left)?;
            // Not `finish`: a sum of short sequences could be chosen.
            (sum, count) = (sum.wrapping_add(serializer.tokens.hash()), count + 1);
        }
        self.tokens.number(tag::UNORDERED, count);
        self.tokens.push(sum.to_le_bytes());
        Ok(())
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
    ($($method:ident $type:ty: $tag:ident $value:ident => $word:expr;)*) => {$(
        #[inline]
        fn $method(self, $value: $type) -> Done {
            self.tokens.number(tag::$tag, $word);
            Ok(())
        }
    )*};
}

#[expect(clippy::cast_sign_loss, reason = "only the bits count")]
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
        serialize_bool bool: BOOL value => u64::from(value);
        serialize_i8 i8: SIGNED value => value as u64;
        serialize_i16 i16: SIGNED value => value as u64;
        serialize_i32 i32: SIGNED value => value as u64;
        serialize_i64 i64: SIGNED value => value as u64;
        serialize_u8 u8: UNSIGNED value => u64::from(value);
        serialize_u16 u16: UNSIGNED value => u64::from(value);
        serialize_u32 u32: UNSIGNED value => u64::from(value);
        serialize_u64 u64: UNSIGNED value => value;
        serialize_char char: CHAR value => u64::from(value);
    }

    fn serialize_f32(self, value: f32) -> Done {
        self.finite &= value.is_finite();
        self.tokens.number(tag::F32, u64::from(value.to_bits()));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Done {
        self.finite &= value.is_finite();
        self.tokens.number(tag::F64, value.to_bits());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Done {
        self.tokens.tag(tag::I128);
        self.tokens.push(value.to_le_bytes());
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Done {
        self.tokens.tag(tag::U128);
        self.tokens.push(value.to_le_bytes());
        Ok(())
    }

    #[inline(always)]
    fn serialize_str(self, value: &str) -> Done {
        self.tokens.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.tokens.bytes(value);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.tokens.tag(tag::NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.tokens.tag(tag::SOME);
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    fn serialize_unit(self) -> Done {
        self.tokens.tag(tag::UNIT);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, index: u32, variant: &'static str) -> Done {
        self.tokens.variant(tag::UNIT_VARIANT, index, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.tokens.variant(tag::NEWTYPE_VARIANT, index, variant);
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, iter: I) -> Done {
        if !self.ignores_order_of::<I>() {
            let mut seq = self.serialize_seq(None)?;
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
            let mut map = self.serialize_map(None)?;
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

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self, Refused> {
        self.tokens.tag(tag::SEQUENCE);
        self.enter()?;
        Ok(self)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Self, Refused> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Self, Refused> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self, Refused> {
        self.tokens.variant(tag::TUPLE_VARIANT, index, variant);
        self.enter()?;
        self.serialize_seq(None)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self, Refused> {
        self.tokens.tag(tag::MAP);
        self.enter()?;
        Ok(self)
    }

    #[inline(always)]
    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Self, Refused> {
        self.tokens.tag(tag::STRUCT);
        self.enter()?;
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self, Refused> {
        self.tokens.variant(tag::STRUCT_VARIANT, index, variant);
        self.enter()?;
        self.serialize_map(None)
    }
}

/// Compounds whose members have no names.
macro_rules! fixed {
    ($($trait:ident $item:ident $levels:literal;)*) => {$(
        impl ser::$trait for &mut FingerprintSerializer {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Done {
                self.tokens.tag(tag::END);
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

/// Structs: the name of a member is hashed with its value, and serde reports a skipped one.
macro_rules! named {
    ($($trait:ident $levels:literal)*) => {$(
        impl ser::$trait for &mut FingerprintSerializer {
            type Ok = ();
            type Error = Refused;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.tokens.name(name);
                value.serialize(&mut **self)
            }

            fn skip_field(&mut self, _name: &'static str) -> Done {
                self.tokens.tag(tag::SKIPPED);
                Ok(())
            }

            #[inline]
            fn end(self) -> Done {
                self.tokens.tag(tag::END);
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
        self.tokens.tag(tag::END);
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
        self.tokens.tag(tag::END);
        self.leave();
        Ok(())
    }
}
