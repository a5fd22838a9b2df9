//! The struct as it is now, as facts of a lock.

use std::fmt::Write as _;

use crate::data::codec::Codec;
use crate::data::lock::render;
use crate::data::lock_grammar::{Fact, LAST_WRITER};
use crate::data::schema::SchemaData;
use crate::data::schema::lock_entry::Lock;

/// The facts of a struct, with the texts that they borrow.
pub(super) struct CurrentFacts {
    codec: Codec,
    /// Sorted by key.
    fields: Vec<CurrentField>,
    /// Sorted.
    reserved: Vec<&'static str>,
}

struct CurrentField {
    key: &'static str,
    shape: String,
    strategy: &'static str,
    sample: String,
}

/// The facts of `S`.
pub(super) fn current_facts<S: SchemaData>() -> Result<CurrentFacts, String> {
    let Lock { mut entries, reserved } = S::lock();
    let codec = S::SECTION.codec;
    entries.sort_by_key(|entry| entry.key);
    let fields = entries.into_iter().map(|entry| {
        let sample =
            entry.sample.map_err(|error| format!("the sample of `{}` cannot be encoded: {error}", entry.key))?;
        Ok(CurrentField {
            key: entry.key,
            shape: render(entry.shape, codec != Codec::Postcard).as_str().to_owned(),
            strategy: entry.strategy,
            sample: encode_sample(codec, &sample),
        })
    });
    let fields = fields.collect::<Result<_, String>>()?;
    let mut reserved = reserved.to_vec();
    reserved.sort_unstable();
    Ok(CurrentFacts { codec, fields, reserved })
}

impl CurrentFacts {
    pub(super) fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts = vec![Fact::Codec(self.codec.name())];
        facts.extend(self.fields.iter().map(|field| Fact::Field { key: field.key, shape: &field.shape }));
        let merged = self.fields.iter().filter(|field| field.strategy != LAST_WRITER);
        facts.extend(merged.map(|field| Fact::Merge { key: field.key, strategy: field.strategy }));
        facts.extend(self.reserved.iter().map(|key| Fact::Reserved(key)));
        facts.extend(self.fields.iter().map(|field| Fact::Sample { key: field.key, value: &field.sample }));
        facts
    }
}

/// Whether two releases differ in their samples at most. Samples may change: they are examples.
pub(super) fn is_same_schema(one: &[Fact<'_>], other: &[Fact<'_>]) -> bool {
    let schema = |facts: &[Fact<'_>]| {
        let facts = facts.iter().filter(|fact| !matches!(fact, Fact::Sample { .. }));
        facts.map(ToString::to_string).collect::<Vec<_>>()
    };
    schema(one) == schema(other)
}

/// A sample as the lock holds it: JSON as it is, other codecs in hexadecimal digits.
fn encode_sample(codec: Codec, bytes: &[u8]) -> String {
    match (codec, str::from_utf8(bytes)) {
        (Codec::Json, Ok(text)) => text.to_owned(),
        _ => bytes.iter().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        }),
    }
}

/// The bytes of a sample in the lock; `None` if the text is not hexadecimal.
pub(super) fn decode_sample(codec: Codec, text: &str) -> Option<Vec<u8>> {
    match codec {
        Codec::Json => Some(text.as_bytes().to_vec()),
        _ => (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect(),
    }
}
