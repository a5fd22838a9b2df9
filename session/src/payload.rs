//! The payload: what a session remembers, each field apart.
//!
//! ```text
//! payload := 0x01  count(sections)  section*
//! section := text(name)  varint(schema version)  u8(codec)  count(fields)  field*
//! field   := text(key)  text(value)
//! text    := varint(length)  bytes
//! ```
//!
//! `varint` is LEB128 of at most five bytes. Sections and keys are sorted and unique, so the same content has the same
//! bytes. Codec 1 is JSON. An empty payload is no bytes at all. Fields and sections that this code does not know are carried
//! through byte for byte. The layout is pinned by vectors in `tests/it/vectors`.

use bytes::{BufMut as _, Bytes};

use crate::error::Corrupt;

const FORMAT: u8 = 1;
/// Values are JSON texts.
pub(crate) const JSON: u8 = 1;

const MAX_SECTIONS: usize = 64;
const MAX_FIELDS: usize = 256;
const MAX_NAME: usize = 128;

/// Checked bytes in the layout above. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Payload(Bytes);

/// One section, as it stands in a payload.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: u32,
    pub(crate) codec: u8,
    count: usize,
    fields: &'a [u8],
}

/// A change of one field: its new bytes, or `None` to remove it.
#[derive(Clone, Debug)]
pub(crate) struct Edit<'a> {
    pub(crate) section: &'a str,
    pub(crate) version: u32,
    pub(crate) key: &'a str,
    pub(crate) value: Option<&'a [u8]>,
}

impl Payload {
    /// Checks `bytes` to the last one.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, Corrupt> {
        if bytes.is_empty() {
            return Ok(Self(bytes));
        }
        let mut cursor = Cursor(&bytes);
        if cursor.byte()? != FORMAT {
            return Err(Corrupt::new("unknown payload format"));
        }
        let count = cursor.count(MAX_SECTIONS, "sections")?;
        let mut previous = None;
        for _ in 0..count {
            let section = cursor.section()?;
            ascending(&mut previous, section.name, "sections")?;
            let mut key = None;
            for _ in 0..section.count {
                ascending(&mut key, cursor.name()?, "fields")?;
                cursor.text()?;
            }
        }
        if !cursor.0.is_empty() {
            return Err(Corrupt::new("bytes after the last section"));
        }
        Ok(Self(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of `part`, which is a slice of this payload, sharing its allocation.
    pub(crate) fn share(&self, part: &[u8]) -> Bytes {
        if part.is_empty() { Bytes::new() } else { self.0.slice_ref(part) }
    }

    pub(crate) fn section(&self, name: &str) -> Option<Section<'_>> {
        self.sections().find(|section| section.name == name)
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        let mut cursor = Cursor(&self.0);
        let count = match self.0.is_empty() {
            true => 0,
            false => cursor.byte().and_then(|_| cursor.count(MAX_SECTIONS, "sections")).unwrap_or_default(),
        };
        // `parse` has walked all of this: the error arms are never taken.
        (0..count).map_while(move |_| {
            let mut section = cursor.section().ok()?;
            section.fields = cursor.0;
            for _ in 0..section.count {
                cursor.name().ok()?;
                cursor.text().ok()?;
            }
            Some(section)
        })
    }

    /// This payload with `edits` applied; all else byte for byte. A section's version never goes down.
    pub(crate) fn edited<'a>(&'a self, edits: impl IntoIterator<Item = Edit<'a>>) -> Self {
        let mut sections: Vec<(Section<'a>, Fields<'a>)> =
            self.sections().map(|s| (s.clone(), s.fields().collect())).collect();
        for edit in edits {
            let place = sections.binary_search_by(|(section, _)| section.name.cmp(edit.section));
            let index = place.unwrap_or_else(|index| {
                let section = Section { name: edit.section, version: 0, codec: JSON, count: 0, fields: &[] };
                sections.insert(index, (section, Vec::new()));
                index
            });
            let Some((section, fields)) = sections.get_mut(index) else {
                continue;
            };
            section.version = section.version.max(edit.version);
            match (fields.binary_search_by(|(key, _)| (*key).cmp(edit.key)), edit.value) {
                (Ok(at), Some(value)) => fields.splice(at..=at, [(edit.key, value)]).for_each(drop),
                (Ok(at), None) => drop(fields.remove(at)),
                (Err(at), Some(value)) => fields.insert(at, (edit.key, value)),
                (Err(_), None) => {},
            }
        }
        Self::write(sections)
    }

    /// The fields that `keep` wants; sections left empty go too.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&str, &str) -> bool) -> Self {
        let kept = self.sections().map(|section| {
            let fields = section.fields().filter(|(key, _)| keep(section.name, key)).collect();
            (section.clone(), fields)
        });
        Self::write(kept.collect())
    }

    fn write(mut sections: Vec<(Section<'_>, Fields<'_>)>) -> Self {
        sections.retain(|(_, fields)| !fields.is_empty());
        if sections.is_empty() {
            return Self::default();
        }
        let values: usize =
            sections.iter().flat_map(|(_, fields)| fields).map(|(key, value)| key.len() + value.len() + 4).sum();
        let mut out = Vec::with_capacity(values + sections.len() * 32 + 8);
        out.put_u8(FORMAT);
        put_varint(&mut out, sections.len());
        for (section, fields) in sections {
            put_text(&mut out, section.name.as_bytes());
            put_varint(&mut out, section.version as usize);
            out.put_u8(section.codec);
            put_varint(&mut out, fields.len());
            for (key, value) in fields {
                put_text(&mut out, key.as_bytes());
                put_text(&mut out, value);
            }
        }
        Self(out.into())
    }
}

type Fields<'a> = Vec<(&'a str, &'a [u8])>;

impl<'a> Section<'a> {
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let mut cursor = Cursor(self.fields);
        (0..self.count).map_while(move |_| Some((cursor.name().ok()?, cursor.text().ok()?)))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.fields().find_map(|(stored, value)| (stored == key).then_some(value))
    }
}

fn ascending<'a>(previous: &mut Option<&'a str>, name: &'a str, what: &'static str) -> Result<(), Corrupt> {
    if previous.is_some_and(|previous| previous >= name) {
        return Err(Corrupt::new(format!("{what} out of order")));
    }
    *previous = Some(name);
    Ok(())
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            return out.put_u8(low);
        }
        out.put_u8(low | 0x80);
    }
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len());
    out.put_slice(text);
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Result<u8, Corrupt> {
        let (byte, rest) = self.0.split_first().ok_or_else(|| Corrupt::new("the payload is cut short"))?;
        self.0 = rest;
        Ok(*byte)
    }

    fn varint(&mut self) -> Result<u32, Corrupt> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let shortest = shift == 0 || byte != 0;
                let value = u32::try_from(value).ok().filter(|_| shortest);
                return value.ok_or_else(|| Corrupt::new("a length out of range"));
            }
        }
        Err(Corrupt::new("a length out of range"))
    }

    fn count(&mut self, most: usize, what: &'static str) -> Result<usize, Corrupt> {
        match self.varint()? as usize {
            count @ 1.. if count <= most => Ok(count),
            _ => Err(Corrupt::new(format!("no {what}, or too many"))),
        }
    }

    fn text(&mut self) -> Result<&'a [u8], Corrupt> {
        let length = self.varint()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(|| Corrupt::new("the payload is cut short"))?;
        self.0 = rest;
        Ok(text)
    }

    fn name(&mut self) -> Result<&'a str, Corrupt> {
        let text = self.text()?;
        if text.is_empty() || text.len() > MAX_NAME {
            return Err(Corrupt::new("an empty name, or one too long"));
        }
        str::from_utf8(text).map_err(|_| Corrupt::new("a name that is not UTF-8"))
    }

    fn section(&mut self) -> Result<Section<'a>, Corrupt> {
        let name = self.name()?;
        let version = self.varint()?;
        let codec = self.byte()?;
        let count = self.count(MAX_FIELDS, "fields")?;
        Ok(Section { name, version, codec, count, fields: self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit<'a>(section: &'a str, key: &'a str, value: Option<&'a [u8]>) -> Edit<'a> {
        Edit { section, version: 2, key, value }
    }

    fn sample() -> Payload {
        Payload::default().edited([
            edit("shop", "visits", Some(b"3")),
            edit("shop", "cart", Some(b"[]")),
            edit("auth", "user", Some(b"7")),
        ])
    }

    #[test]
    fn sorted_whatever_the_order_of_edits() {
        let bytes = b"\x01\x02\x04auth\x02\x01\x01\x04user\x017\x04shop\x02\x01\x02\x04cart\x02[]\x06visits\x013";
        assert_eq!(sample().as_bytes(), bytes);
        assert_eq!(sample().section("shop").unwrap().get("visits"), Some(&b"3"[..]));
        assert_eq!(sample().section("shop").unwrap().get("visit"), None);
    }

    #[test]
    fn every_truncation_is_corrupt_and_every_parse_is_canonical() {
        let whole = sample();
        for length in 1..whole.as_bytes().len() {
            assert!(Payload::parse(Bytes::copy_from_slice(&whole.as_bytes()[..length])).is_err(), "{length}");
        }
        for place in 0..whole.as_bytes().len() {
            for bit in 0..8 {
                let mut bytes = whole.as_bytes().to_vec();
                bytes[place] ^= 1 << bit;
                if let Ok(other) = Payload::parse(bytes.into()) {
                    assert_eq!(other.edited([]), other, "one content, one spelling");
                }
            }
        }
    }

    #[test]
    fn the_unknown_is_carried_through() {
        let edited = sample().edited([edit("shop", "visits", None), edit("shop", "theme", Some(b"1"))]);
        assert_eq!(edited.section("auth").unwrap().get("user"), Some(&b"7"[..]));
        assert_eq!(edited.section("shop").unwrap().get("cart"), Some(&b"[]"[..]));
        assert!(edited.retain(|_, _| false).is_empty());
    }

    #[test]
    fn a_version_never_goes_down() {
        let newer = Payload::default().edited([Edit { version: 9, ..edit("shop", "a", Some(b"1")) }]);
        assert_eq!(newer.edited([edit("shop", "b", Some(b"1"))]).section("shop").unwrap().version, 9);
    }
}
