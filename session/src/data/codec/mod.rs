//! [`Codec`]: how the values of a section are written.
//!
//! The tag is stored beside the values, so a record says itself how it is read: a live system can change its codec, and records of
//! both kinds stay readable. A record keeps the codec it was made with until it ends, because what it holds of newer code is
//! carried through byte for byte.

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(any(feature = "msgpack", feature = "postcard"))]
use self::depth::DepthLimited;
use self::depth::{ShallowJson, TooDeep};
use crate::base::error::BoxError;
use crate::data::fingerprint::is_finite;
#[cfg(any(feature = "msgpack", feature = "postcard"))]
use crate::data::fingerprint::{DEEPEST, is_shallow};

pub(crate) mod depth;

#[cfg(any(feature = "msgpack", feature = "postcard"))]
const TRAILING: &str = "bytes after the value";

/// How values are written in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Texts that people can read. It describes itself: a nested struct may gain members that have a default.
    #[default]
    Json,
    /// JSON's model in fewer bytes, structs with the names of their members. Needs the feature `msgpack`.
    MessagePack,
    /// The fewest bytes. It does not describe itself: any change inside a field's type needs an `upgrade`. Needs the feature
    /// `postcard`.
    Postcard,
}

impl Codec {
    const ALL: [Self; 3] = [Self::Json, Self::MessagePack, Self::Postcard];

    /// What stands for it in a payload.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Json => 1,
            Self::MessagePack => 2,
            Self::Postcard => 3,
        }
    }

    /// What `tag` stands for.
    pub(crate) fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.tag() == tag)
    }

    /// The codec that is called `name` in attributes and in the schema lock.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// What it is called in attributes and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "msgpack",
            Self::Postcard => "postcard",
        }
    }

    /// Appends `value` to `out`.
    pub(crate) fn encode<T: Serialize>(self, value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        match self {
            Self::Json => encode_json(value, out),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                check_depth(value)?;
                Ok(value.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map())?)
            },
            #[cfg(feature = "postcard")]
            Self::Postcard => {
                check_depth(value)?;
                out.append(&mut postcard::to_allocvec(value)?);
                Ok(())
            },
            #[cfg(not(all(feature = "msgpack", feature = "postcard")))]
            other => Err(other.is_missing()),
        }
    }

    /// The value that `bytes` are, all of them.
    pub(crate) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, BoxError> {
        match self {
            // One check of the whole text is cheaper than the decoder's own check of each string.
            Self::Json => Ok(match str::from_utf8(bytes) {
                Ok(text) => serde_json::from_str(text)?,
                Err(_) => serde_json::from_slice(bytes)?,
            }),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                let mut rest = bytes;
                // Its own limit does not count variants.
                let value = T::deserialize(DepthLimited::new(&mut rmp_serde::Deserializer::new(&mut rest)))?;
                if rest.is_empty() { Ok(value) } else { Err(TRAILING.into()) }
            },
            #[cfg(feature = "postcard")]
            Self::Postcard => {
                let mut reader = postcard::Deserializer::from_bytes(bytes);
                let value = T::deserialize(DepthLimited::new(&mut reader))?;
                if reader.finalize()?.is_empty() { Ok(value) } else { Err(TRAILING.into()) }
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

/// JSON has no word for NaN and infinity. They would be written as `null`, which is no number when it is read.
fn encode_json<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
    let start = out.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, ShallowJson::default());
    // There is no other trouble with memory.
    let written = value.serialize(&mut serializer);
    written.map_err(|error| if error.is_io() { TooDeep::JSON.into() } else { BoxError::from(error) })?;
    let written = out.get(start..).unwrap_or_default();
    if memchr::memmem::find(written, b"null").is_some() && !is_finite(value) {
        return Err("JSON cannot hold a number that is not finite".into());
    }
    Ok(())
}

/// What has no allocation of its own is as deep as its type.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
fn check_depth<T: Serialize>(value: &T) -> Result<(), TooDeep> {
    if std::mem::needs_drop::<T>() && !is_shallow(value) { Err(TooDeep(DEEPEST)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lead_back() {
        for codec in Codec::ALL {
            assert_eq!(Codec::of_tag(codec.tag()), Some(codec));
        }
        assert_eq!([0, 4, 255].map(Codec::of_tag), [None; 3]);
    }

    #[test]
    fn json_refuses_what_it_would_lose() {
        let encode = |value: Option<f64>| Codec::Json.encode(&(1, vec![value]), &mut Vec::new());
        assert!(encode(None).is_ok() && encode(Some(-0.0)).is_ok());
        for lost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(encode(Some(lost)).is_err(), "{lost}");
        }
        assert!(Codec::Json.encode(&f32::NAN, &mut Vec::new()).is_err());
    }

    #[cfg(all(feature = "msgpack", feature = "postcard"))]
    #[test]
    fn nothing_may_follow_a_value() {
        for codec in Codec::ALL {
            let mut bytes = Vec::new();
            codec.encode(&("a", 300_u32), &mut bytes).unwrap();
            assert_eq!(codec.decode::<(String, u32)>(&bytes).unwrap(), ("a".into(), 300));
            bytes.push(b'0');
            assert!(codec.decode::<(String, u32)>(&bytes).is_err(), "{codec:?}");
        }
    }
}
