//! Limits for the nesting of values. A value that could not be read back is not written, and a stored value cannot
//! exhaust the stack of a reader.

use std::fmt;

#[cfg(any(feature = "msgpack", feature = "postcard"))]
pub(super) use self::reading::DepthLimited;

/// The number of nested brackets that `serde_json` reads.
const MAX_JSON_DEPTH: u8 = 127;

/// The value is nested too deeply to be read back.
#[derive(Debug)]
pub(crate) struct TooDeep(pub(super) u16);

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is nested more than {} levels deep and could not be read back", self.0)
    }
}

impl std::error::Error for TooDeep {}

impl TooDeep {
    pub(super) const JSON: Self = Self(MAX_JSON_DEPTH as u16);
}

/// Writes JSON without spaces, and fails where it would be nested too deeply.
#[derive(Default)]
pub(super) struct DepthLimitedJson {
    depth: u8,
}

impl DepthLimitedJson {
    fn enter(&mut self) -> std::io::Result<()> {
        if self.depth == MAX_JSON_DEPTH {
            return Err(std::io::Error::other(TooDeep::JSON));
        }
        self.depth += 1;
        Ok(())
    }
}

impl serde_json::ser::Formatter for DepthLimitedJson {
    fn begin_array<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.enter()?;
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.depth -= 1;
        out.write_all(b"]")
    }

    fn begin_object<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.enter()?;
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.depth -= 1;
        out.write_all(b"}")
    }
}

/// A limit for deserializers that have none, or do not count every level.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
mod reading {
    use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

    use super::TooDeep;
    use crate::data::fingerprint::MAX_DEPTH;

    /// A wrapper for the deserializers, visitors and seeds of serde, which counts levels as [`MAX_DEPTH`] counts them
    /// in a write.
    pub(in crate::data::codec) struct DepthLimited<T> {
        inner: T,
        left: u16,
    }

    impl<T> DepthLimited<T> {
        pub(in crate::data::codec) fn new(inner: T) -> Self {
            Self { inner, left: MAX_DEPTH }
        }

        fn with<U>(&self, inner: U) -> DepthLimited<U> {
            DepthLimited { inner, left: self.left }
        }

        /// The wrapper of `inner`, one level deeper.
        fn below<U, E: de::Error>(&self, inner: U) -> Result<DepthLimited<U>, E> {
            let left = self.left.checked_sub(1).ok_or_else(|| E::custom(TooDeep(MAX_DEPTH)))?;
            Ok(DepthLimited { inner, left })
        }
    }

    macro_rules! deserializers {
        ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
            #[inline]
            fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
                let visitor = self.with(visitor);
                self.inner.$method($($argument,)* visitor)
            }
        )*};
    }

    impl<'de, D: Deserializer<'de>> Deserializer<'de> for DepthLimited<D> {
        type Error = D::Error;

        deserializers! {
            deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
            deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
            deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
            deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit()
            deserialize_unit_struct(name: &'static str)
            deserialize_newtype_struct(name: &'static str) deserialize_seq() deserialize_tuple(len: usize)
            deserialize_tuple_struct(name: &'static str, len: usize) deserialize_map()
            deserialize_struct(name: &'static str, fields: &'static [&'static str])
            deserialize_enum(name: &'static str, variants: &'static [&'static str]) deserialize_identifier()
            deserialize_ignored_any()
        }

        fn is_human_readable(&self) -> bool {
            self.inner.is_human_readable()
        }
    }

    macro_rules! visits {
        ($($method:ident: $type:ty;)*) => {$(
            #[inline]
            fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
                self.inner.$method(value)
            }
        )*};
    }

    impl<'de, V: Visitor<'de>> Visitor<'de> for DepthLimited<V> {
        type Value = V::Value;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.inner.expecting(f)
        }

        visits! {
            visit_bool: bool; visit_i8: i8; visit_i16: i16; visit_i32: i32; visit_i64: i64; visit_i128: i128;
            visit_u8: u8; visit_u16: u16; visit_u32: u32; visit_u64: u64; visit_u128: u128;
            visit_f32: f32; visit_f64: f64; visit_char: char;
            visit_str: &str; visit_borrowed_str: &'de str; visit_string: String;
            visit_bytes: &[u8]; visit_borrowed_bytes: &'de [u8]; visit_byte_buf: Vec<u8>;
        }

        #[inline]
        fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
            self.inner.visit_none()
        }

        #[inline]
        fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
            self.inner.visit_unit()
        }

        #[inline]
        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
            let inner = self.below(inner)?;
            self.inner.visit_some(inner)
        }

        #[inline]
        fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
            let inner = self.with(inner);
            self.inner.visit_newtype_struct(inner)
        }

        #[inline]
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
            let seq = self.below(seq)?;
            self.inner.visit_seq(seq)
        }

        #[inline]
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
            let map = self.below(map)?;
            self.inner.visit_map(map)
        }

        #[inline]
        fn visit_enum<A: EnumAccess<'de>>(self, variants: A) -> Result<V::Value, A::Error> {
            let variants = self.with(variants);
            self.inner.visit_enum(variants)
        }
    }

    impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for DepthLimited<S> {
        type Value = S::Value;

        #[inline]
        fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
            let inner = self.with(inner);
            self.inner.deserialize(inner)
        }
    }

    impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for DepthLimited<A> {
        type Error = A::Error;

        #[inline]
        fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
            let seed = self.with(seed);
            self.inner.next_element_seed(seed)
        }

        fn size_hint(&self) -> Option<usize> {
            self.inner.size_hint()
        }
    }

    impl<'de, A: MapAccess<'de>> MapAccess<'de> for DepthLimited<A> {
        type Error = A::Error;

        #[inline]
        fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
            let seed = self.with(seed);
            self.inner.next_key_seed(seed)
        }

        #[inline]
        fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
            let seed = self.with(seed);
            self.inner.next_value_seed(seed)
        }

        fn size_hint(&self) -> Option<usize> {
            self.inner.size_hint()
        }
    }

    impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for DepthLimited<A> {
        type Error = A::Error;
        type Variant = DepthLimited<A::Variant>;

        #[inline]
        fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
            let Self { inner, left } = self;
            let (value, variant) = inner.variant_seed(DepthLimited { inner: seed, left })?;
            Ok((value, DepthLimited { inner: variant, left }))
        }
    }

    /// The content of a variant is one level deeper.
    impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for DepthLimited<A> {
        type Error = A::Error;

        #[inline]
        fn unit_variant(self) -> Result<(), A::Error> {
            self.inner.unit_variant()
        }

        #[inline]
        fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
            let seed = self.below(seed)?;
            self.inner.newtype_variant_seed(seed)
        }

        #[inline]
        fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
            let visitor = self.below(visitor)?;
            self.inner.tuple_variant(len, visitor)
        }

        #[inline]
        fn struct_variant<V: Visitor<'de>>(
            self,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, A::Error> {
            let visitor = self.below(visitor)?;
            self.inner.struct_variant(fields, visitor)
        }
    }
}
