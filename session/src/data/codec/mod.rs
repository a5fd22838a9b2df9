//! [`Codec`]: how the values of a section are encoded.
//!
//! The tag of the codec is stored beside the values. A live system can therefore change its codec: records with either
//! codec can be read. A section keeps its codec as long as its session exists, because values that this code does not
//! know are copied byte for byte.
//!
//! No error of a codec quotes the value: see [`error`].

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(any(feature = "msgpack", feature = "postcard"))]
use self::depth::DepthLimited;
use self::depth::{DepthLimitedJson, TooDeep};
use self::error::{JsonError, Refused};
use crate::base::error::BoxError;
use crate::base::secret::exposing_secrets;
use crate::data::fingerprint::is_finite;
#[cfg(any(feature = "msgpack", feature = "postcard"))]
use crate::data::fingerprint::{MAX_DEPTH, is_within_max_depth};

pub(crate) mod depth;
mod error;

#[cfg(any(feature = "msgpack", feature = "postcard"))]
const TRAILING_BYTES: &str = "bytes after the value";

/// How the values of a session are encoded in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// JSON: readable text. It contains the names of members, so a nested struct may gain members that have a default.
    #[default]
    Json,
    /// MessagePack: the data model of JSON in fewer bytes, with the names of members. Needs the feature `msgpack`.
    MessagePack,
    /// `postcard`: the fewest bytes. It contains no names, so every change inside the type of a field needs an
    /// `upgrade`. Needs the feature `postcard`.
    Postcard,
}

impl Codec {
    const ALL: [Self; 3] = [Self::Json, Self::MessagePack, Self::Postcard];

    /// The tag of the codec in a payload.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Json => 1,
            Self::MessagePack => 2,
            Self::Postcard => 3,
        }
    }

    /// The codec with this tag.
    pub(crate) fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.tag() == tag)
    }

    /// The codec that is called `name` in attributes and in the schema lock.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// The name of the codec in attributes, messages and the schema lock.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "msgpack",
            Self::Postcard => "postcard",
        }
    }

    /// Appends the encoded `value` to `out`, with the secrets that it contains.
    pub(crate) fn encode<T: Serialize>(self, value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        exposing_secrets(|| self.write(value, out))
    }

    fn write<T: Serialize>(self, value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        match self {
            Self::Json => encode_json(value, out),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                check_depth(value)?;
                let written = value.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map());
                written.map_err(|_| Refused::BY_SERIALIZE.into())
            },
            #[cfg(feature = "postcard")]
            Self::Postcard => {
                check_depth(value)?;
                out.append(&mut postcard::to_allocvec(value).map_err(|_| Refused::BY_SERIALIZE)?);
                Ok(())
            },
            #[cfg(not(all(feature = "msgpack", feature = "postcard")))]
            other => Err(other.is_missing()),
        }
    }

    /// Decodes `bytes`, all of them.
    pub(crate) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, BoxError> {
        match self {
            // One UTF-8 check of the whole text is cheaper than the decoder's check of each string.
            Self::Json => {
                let value = match str::from_utf8(bytes) {
                    Ok(text) => serde_json::from_str(text),
                    Err(_) => serde_json::from_slice(bytes),
                };
                value.map_err(|error| JsonError::reading(&error).into())
            },
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                let mut rest = bytes;
                // The limit of `rmp_serde` does not count enum variants.
                let value = T::deserialize(DepthLimited::new(&mut rmp_serde::Deserializer::new(&mut rest)));
                let value = value.map_err(|error| match error {
                    rmp_serde::decode::Error::Syntax(text) if text == TooDeep(MAX_DEPTH).to_string() => {
                        BoxError::from(TooDeep(MAX_DEPTH))
                    },
                    _ => Refused::MESSAGE_PACK.into(),
                })?;
                if rest.is_empty() { Ok(value) } else { Err(TRAILING_BYTES.into()) }
            },
            #[cfg(feature = "postcard")]
            Self::Postcard => {
                // The errors of `postcard` are fixed texts.
                let mut reader = postcard::Deserializer::from_bytes(bytes);
                let value = T::deserialize(DepthLimited::new(&mut reader))?;
                if reader.finalize()?.is_empty() { Ok(value) } else { Err(TRAILING_BYTES.into()) }
            },
            #[cfg(not(all(feature = "msgpack", feature = "postcard")))]
            other => Err(other.is_missing()),
        }
    }

    #[cfg(not(all(feature = "msgpack", feature = "postcard")))]
    #[cold]
    fn is_missing(self) -> BoxError {
        let name = self.name();
        format!("the codec `{name}` is not compiled in; turn on the feature `{name}` of `session`").into()
    }
}

/// Encodes as JSON, and refuses NaN and infinity: `serde_json` writes them as `null`, which cannot be read back as a
/// number.
fn encode_json<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
    let start = out.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, DepthLimitedJson::default());
    // Writing to a `Vec` does not fail, so an I/O error is the one of the depth limit.
    let written = value.serialize(&mut serializer);
    written.map_err(|error| match error.is_io() {
        true => BoxError::from(TooDeep::JSON),
        false => Refused::BY_SERIALIZE.into(),
    })?;
    let written = out.get(start..).unwrap_or_default();
    if memchr::memmem::find(written, b"null").is_some() && !is_finite(value) {
        return Err("JSON cannot hold a number that is not finite".into());
    }
    Ok(())
}

/// A value of a type without `Drop` has no allocations, so its depth is that of its type.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
fn check_depth<T: Serialize>(value: &T) -> Result<(), TooDeep> {
    if std::mem::needs_drop::<T>() && !is_within_max_depth(value) { Err(TooDeep(MAX_DEPTH)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_identify_codecs() {
        for codec in Codec::ALL {
            assert_eq!(Codec::of_tag(codec.tag()), Some(codec));
        }
        assert_eq!([0, 4, 255].map(Codec::of_tag), [None; 3]);
    }

    #[test]
    fn json_refuses_numbers_that_are_not_finite() {
        let encode = |value: Option<f64>| Codec::Json.encode(&(1, vec![value]), &mut Vec::new());
        assert!(encode(None).is_ok() && encode(Some(-0.0)).is_ok());
        for lost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(encode(Some(lost)).is_err(), "{lost}");
        }
        assert!(Codec::Json.encode(&f32::NAN, &mut Vec::new()).is_err());
    }

    #[cfg(all(feature = "msgpack", feature = "postcard"))]
    #[test]
    fn bytes_after_a_value_are_refused() {
        for codec in Codec::ALL {
            let mut bytes = Vec::new();
            codec.encode(&("a", 300_u32), &mut bytes).unwrap();
            assert_eq!(codec.decode::<(String, u32)>(&bytes).unwrap(), ("a".into(), 300));
            bytes.push(b'0');
            assert!(codec.decode::<(String, u32)>(&bytes).is_err(), "{codec:?}");
        }
    }
}
