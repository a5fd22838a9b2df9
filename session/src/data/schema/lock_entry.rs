//! [`Lock`]: what the schema lock says about a struct as it is now.

use super::field::Field;
use super::{SchemaData, Storable as _};
use crate::data::codec::Codec;
use crate::data::shape::Shape;

/// The facts about a struct that its schema lock holds, except for name, version and codec.
#[derive(Debug, Default)]
pub struct Lock {
    pub(crate) entries: Vec<LockEntry>,
    pub(crate) reserved: &'static [&'static str],
}

impl Lock {
    /// A lock with an entry for each stored field, and the keys that no field may use again.
    pub fn new(entries: Vec<LockEntry>, reserved: &'static [&'static str]) -> Self {
        Self { entries, reserved }
    }
}

/// The facts about one stored field.
#[derive(Debug)]
pub struct LockEntry {
    pub(crate) key: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) strategy: &'static str,
    /// An encoded value, or why it cannot be encoded.
    pub(crate) sample: Result<Vec<u8>, String>,
}

impl LockEntry {
    /// The entry of the field `F`. Without `sample`, the sample is made from the shape; a type that refuses that one
    /// when it decodes it is represented by the field's default.
    pub fn of<S: SchemaData, F: Field<S>>(
        shape: &'static Shape,
        strategy: &'static str,
        sample: Option<F::Value>,
    ) -> Self {
        let from_shape = || F::Value::decode(Codec::Json, shape.sample().to_string().as_bytes()).ok();
        let value = sample.or_else(from_shape).unwrap_or_else(F::default);
        let mut bytes = Vec::new();
        let encoded = value.encode(S::SECTION.codec, &mut bytes).map(|()| bytes).map_err(|error| error.to_string());
        Self { key: F::INFO.key, shape, strategy, sample: encoded }
    }
}
