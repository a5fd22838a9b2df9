//! The serializer that computes fingerprints, with a limit for the nesting of values.

use std::any::type_name;
use std::fmt;
use std::hash::Hasher as _;

use serde::ser::{self, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::MAX_DEPTH;

/// A key of the hash function.
pub(super) type Key = [u64; 2];

/// Writes a value as a sequence of tokens. A short sequence is the fingerprint itself; a longer one is hashed with
/// SipHash-1-3 in its variant of 128 bits, a keyed pseudo-random function.
///
/// Two different values are two different sequences, and none is the beginning of another one: a token is its tag and
/// a number of known length, text and names begin with their lengths, and compounds have an end. So only the hash
/// function could give two values one fingerprint, and a client who chooses a value does not know its key.
pub(super) struct FingerprintSerializer {
    /// The tokens that are not hashed yet: the hash function is several times faster for many bytes than for few.
    buffer: [u8; BUFFER],
    len: usize,
    hasher: Option<SipHasher13>,
    key: Key,
    finite: bool,
    hash_order: HashOrder,
    /// The number of levels that the value may still be nested.
    levels_left: u16,
}

const BUFFER: usize = 128;
/// The length of a sequence that is its own fingerprint, with one byte for the length.
const SHORT: usize = 15;

/// The first byte of each token.
mod tag {
    pub(super) const NONE: u8 = 2;
    pub(super) const SOME: u8 = 3;
    pub(super) const UNIT: u8 = 4;
    pub(super) const UNIT_VARIANT: u8 = 5;
    pub(super) const NEWTYPE_VARIANT: u8 = 6;
    pub(super) const SEQUENCE: u8 = 7;
    pub(super) const TUPLE_VARIANT: u8 = 8;
    pub(super) const MAP: u8 = 9;
    pub(super) const STRUCT: u8 = 10;
    pub(super) const STRUCT_VARIANT: u8 = 11;
    /// The end of a compound.
    pub(super) const END: u8 = 12;
    /// A member of a struct that is not serialized.
    pub(super) const SKIPPED: u8 = 13;
    pub(super) const BOOL: u8 = 14;
    pub(super) const SIGNED: u8 = 15;
    pub(super) const UNSIGNED: u8 = 16;
    pub(super) const F32: u8 = 17;
    pub(super) const F64: u8 = 18;
    pub(super) const CHAR: u8 = 19;
    pub(super) const BYTES: u8 = 20;
    pub(super) const U128: u8 = 21;
    pub(super) const I128: u8 = 22;
    /// A hashed collection whose order is ignored.
    pub(super) const UNORDERED: u8 = 24;
    /// The name of a member or a variant. Its length is in the lower six bits.
    pub(super) const NAME: u8 = 0x40;
    /// Text. Its length is in the lower seven bits.
    pub(super) const TEXT: u8 = 0x80;
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
        Self { buffer: [0; BUFFER], len: 0, hasher: None, key, finite: true, hash_order, levels_left: MAX_DEPTH }
    }

    pub(super) fn finish(&mut self) -> u128 {
        match self.buffer.first_chunk::<16>() {
            Some(start) if self.len <= SHORT && self.hasher.is_none() => {
                // Unused bytes are zeros, and the last one is the length.
                u128::from_le_bytes(*start) | (self.len as u128) << 120
            },
            _ => self.hash(),
        }
    }

    fn hash(&mut self) -> u128 {
        self.flush();
        self.hasher().finish128().as_u128()
    }

    fn hasher(&mut self) -> &mut SipHasher13 {
        let [first, second] = self.key;
        self.hasher.get_or_insert_with(|| SipHasher13::new_with_keys(first, second))
    }

    fn flush(&mut self) {
        let Self { buffer, len, .. } = *self;
        self.hasher().write(buffer.get(..len).unwrap_or_default());
        self.len = 0;
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
            let mut serializer = Self { levels_left: self.levels_left, ..Self::new(self.key, self.hash_order) };
            let done = hash(part, &mut serializer);
            self.finite &= serializer.finite;
            done.inspect_err(|_| self.levels_left = serializer.levels_left)?;
            // Not `finish`: a sum of short sequences could be chosen.
            (sum, count) = (sum.wrapping_add(serializer.hash()), count + 1);
        }
        self.number(tag::UNORDERED, count);
        self.push(sum.to_le_bytes());
        Ok(())
    }

    #[inline]
    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.buffer.get_mut(self.len..).and_then(|room| room.first_chunk_mut::<N>()) {
            Some(room) => {
                *room = bytes;
                self.len += N;
            },
            None => self.push_slowly(&bytes),
        }
    }

    #[cold]
    fn push_slowly(&mut self, bytes: &[u8]) {
        self.flush();
        self.hasher().write(bytes);
    }

    #[inline]
    fn tag(&mut self, tag: u8) {
        self.push([tag]);
    }

    #[inline]
    fn number(&mut self, tag: u8, number: u64) {
        match u8::try_from(number) {
            Ok(small) if small < u8::MAX => self.push([tag, small]),
            _ => {
                self.push([tag, u8::MAX]);
                self.push(number.to_le_bytes());
            },
        }
    }

    /// Bytes after their length, which is in the bits of `short` beside their tag if it fits there.
    #[inline(always)]
    fn text(&mut self, tag: u8, short: u8, text: &[u8]) {
        match u8::try_from(text.len()) {
            Ok(length) if length < short => {
                let room = self.buffer.get_mut(self.len..).and_then(|room| room.get_mut(..=text.len()));
                if let Some([first, room @ ..]) = room {
                    *first = tag | length;
                    room.copy_from_slice(text);
                    self.len += 1 + text.len();
                    return;
                }
                self.push_slowly(&[tag | length]);
            },
            _ => {
                self.push_slowly(&[tag | short]);
                self.push((text.len() as u64).to_le_bytes());
            },
        }
        self.push_slowly(text);
    }

    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.text(tag::NAME, 0x3f, name.as_bytes());
    }

    /// The index of a variant may be any number where `Serialize` is written by hand. Its name is what JSON stores.
    #[inline]
    fn variant(&mut self, tag: u8, index: u32, name: &'static str) {
        self.number(tag, u64::from(index));
        self.name(name);
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
            self.number(tag::$tag, $word);
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
        self.number(tag::F32, u64::from(value.to_bits()));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Done {
        self.finite &= value.is_finite();
        self.number(tag::F64, value.to_bits());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Done {
        self.tag(tag::I128);
        self.push(value.to_le_bytes());
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Done {
        self.tag(tag::U128);
        self.push(value.to_le_bytes());
        Ok(())
    }

    #[inline(always)]
    fn serialize_str(self, value: &str) -> Done {
        self.text(tag::TEXT, 0x7f, value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.number(tag::BYTES, value.len() as u64);
        self.push_slowly(value);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.tag(tag::NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.tag(tag::SOME);
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    fn serialize_unit(self) -> Done {
        self.tag(tag::UNIT);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, index: u32, variant: &'static str) -> Done {
        self.variant(tag::UNIT_VARIANT, index, variant);
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
        self.variant(tag::NEWTYPE_VARIANT, index, variant);
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
        self.tag(tag::SEQUENCE);
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
        self.variant(tag::TUPLE_VARIANT, index, variant);
        self.enter()?;
        self.serialize_seq(None)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self, Refused> {
        self.tag(tag::MAP);
        self.enter()?;
        Ok(self)
    }

    #[inline(always)]
    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Self, Refused> {
        self.tag(tag::STRUCT);
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
        self.variant(tag::STRUCT_VARIANT, index, variant);
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
                self.tag(tag::END);
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
                self.name(name);
                value.serialize(&mut **self)
            }

            fn skip_field(&mut self, _name: &'static str) -> Done {
                self.tag(tag::SKIPPED);
                Ok(())
            }

            #[inline]
            fn end(self) -> Done {
                self.tag(tag::END);
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
        self.tag(tag::END);
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
        self.tag(tag::END);
        self.leave();
        Ok(())
    }
}
