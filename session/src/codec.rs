//! [`Codec`]: how the values of a section are written.
//!
//! The tag is stored beside the values, so a record says itself how it is read: a live system can change its codec, and records of
//! both kinds stay readable. A record keeps the codec it was made with until it ends, because what it holds of newer code is
//! carried through byte for byte.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::BoxError;

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
        [Self::Json, Self::MessagePack, Self::Postcard].into_iter().find(|codec| codec.tag() == tag)
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
            Self::Json => Ok(value.serialize(&mut serde_json::Serializer::new(out))?),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => Ok(value.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map())?),
            #[cfg(feature = "postcard")]
            Self::Postcard => {
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
                let value = T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest))?;
                if rest.is_empty() { Ok(value) } else { Err(TRAILING.into()) }
            },
            #[cfg(feature = "postcard")]
            Self::Postcard => match postcard::take_from_bytes(bytes)? {
                (value, []) => Ok(value),
                _ => Err(TRAILING.into()),
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
