//! The payload: the fields of a session, each encoded separately.
//!
//! ```text
//! payload := 0x01  count(sections)  section*
//! section := text(name)  varint(schema version)  u8(codec)  count(fields)  field*
//! field   := text(key)  text(value)
//! text    := varint(length)  bytes
//! ```
//!
//! `varint` is LEB128 of at most five bytes, in its shortest form. Sections and keys are sorted and unique, so equal
//! contents have equal bytes. For codecs see [`Codec`]. Keys that begin with `_` belong to the framework; no section
//! has such keys only. An empty payload has no bytes. Fields and sections that this code does not know are copied byte
//! for byte. Test vectors in `tests/it/vectors` pin the layout.

use std::cmp::Ordering;
use std::fmt;

use bytes::{BufMut as _, Bytes};

use crate::base::error::Corrupt;
#[cfg(doc)]
use crate::data::codec::Codec;

const FORMAT: u8 = 1;

const MAX_SECTIONS: usize = 64;
const MAX_FIELDS: usize = 256;
const MAX_NAME: usize = 128;

/// Bytes in the layout above, which were checked. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Payload(Bytes);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A section of a payload.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) version: u32,
    pub(crate) codec: u8,
    count: usize,
    fields: &'a [u8],
}

/// A change of one field: its new encoded value, or `None` to remove it.
#[derive(Clone, Debug)]
pub(crate) struct Edit<'a> {
    pub(crate) section: &'a str,
    pub(crate) version: u32,
    /// The codec of the section, if the section does not exist yet.
    pub(crate) codec: u8,
    pub(crate) key: &'a str,
    pub(crate) value: Option<&'a [u8]>,
}

impl Payload {
    /// Reads a payload, and checks all of its bytes.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, Corrupt> {
        if !bytes.is_empty() {
            Self::check(&bytes)?;
        }
        Ok(Self(bytes))
    }

    /// A copy of bytes that are known to be a payload. They are not checked again.
    pub(crate) fn known(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    fn check(bytes: &[u8]) -> Result<(), Corrupt> {
        let cut = || Corrupt::new("the payload is cut short, or a length in it is wrong");
        let mut cursor = Cursor(bytes);
        if cursor.byte() != Some(FORMAT) {
            return Err(Corrupt::new("unknown payload format"));
        }
        let mut previous = None;
        for _ in 0..cursor.count(MAX_SECTIONS).ok_or_else(cut)? {
            let section = cursor.section().ok_or_else(cut)?;
            ascending(&mut previous, checked(section.name)?, "sections")?;
            let mut key = None;
            for _ in 0..section.count {
                ascending(&mut key, checked(cursor.text().ok_or_else(cut)?)?, "fields")?;
                cursor.text().ok_or_else(cut)?;
            }
        }
        match cursor.0 {
            [] => Ok(()),
            _ => Err(Corrupt::new("bytes after the last section")),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both share their allocation.
    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.as_bytes(), other.as_bytes())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of `part`, a slice of this payload, without a copy.
    pub(crate) fn share(&self, part: &[u8]) -> Bytes {
        if part.is_empty() { Bytes::new() } else { self.0.slice_ref(part) }
    }

    pub(crate) fn section(&self, name: &str) -> Option<Section<'_>> {
        let (mut cursor, count) = self.start()?;
        for _ in 0..count {
            let section = cursor.section()?;
            if section.name == name.as_bytes() {
                return Some(section);
            }
            cursor.skip_fields(&section)?;
        }
        None
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        let (mut cursor, count) = self.start().unwrap_or((Cursor(&[]), 0));
        (0..count).map_while(move |_| {
            let section = cursor.section()?;
            cursor.skip_fields(&section)?;
            Some(section)
        })
    }

    /// A cursor at the first section, and the number of sections.
    fn start(&self) -> Option<(Cursor<'_>, usize)> {
        let mut cursor = Cursor(&self.0);
        cursor.byte()?;
        let count = cursor.count(MAX_SECTIONS)?;
        Some((cursor, count))
    }

    /// This payload with the value `old`, a slice of it, replaced by `new`. A fast path for the most common edit.
    pub(crate) fn replaced(&self, old: &[u8], new: &[u8]) -> Option<Self> {
        let start = old.as_ptr().addr().checked_sub(self.0.as_ptr().addr())?;
        let before = self.0.get(..start.checked_sub(varint_len(old.len()))?)?;
        let after = self.0.get(start + old.len()..)?;
        let mut out = Vec::with_capacity(before.len() + varint_len(new.len()) + new.len() + after.len());
        out.put_slice(before);
        put_text(&mut out, new);
        out.put_slice(after);
        Some(Self(out.into()))
    }

    /// This payload with `edits` applied, and everything else copied byte for byte. The version of a section never
    /// decreases. Returns `None` if the result has more sections or fields than a payload may have.
    pub(crate) fn edited<'a>(&'a self, edits: impl IntoIterator<Item = Edit<'a>>) -> Option<Self> {
        let mut sections: Vec<(Section<'a>, Fields<'a>)> =
            self.sections().map(|s| (s.clone(), s.fields().collect())).collect();
        for edit in edits {
            let place = sections.binary_search_by(|(section, _)| section.name.cmp(edit.section.as_bytes()));
            let index = place.unwrap_or_else(|index| {
                let section =
                    Section { name: edit.section.as_bytes(), version: 0, codec: edit.codec, count: 0, fields: &[] };
                sections.insert(index, (section, Vec::new()));
                index
            });
            let Some((section, fields)) = sections.get_mut(index) else {
                continue;
            };
            section.version = section.version.max(edit.version);
            match (fields.binary_search_by(|(key, _)| (*key).cmp(edit.key.as_bytes())), edit.value) {
                (Ok(at), Some(value)) => fields.splice(at..=at, [(edit.key.as_bytes(), value)]).for_each(drop),
                (Ok(at), None) => drop(fields.remove(at)),
                (Err(at), Some(value)) => fields.insert(at, (edit.key.as_bytes(), value)),
                (Err(_), None) => {},
            }
        }
        let fits = sections.len() <= MAX_SECTIONS && sections.iter().all(|(_, fields)| fields.len() <= MAX_FIELDS);
        fits.then(|| Self::write(sections))
    }

    /// This payload with the fields for which `keep` returns true. Sections that become empty are removed.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) -> Self {
        let kept = self.sections().map(|section| {
            let fields = section.fields().filter(|(key, _)| keep(section.name, key)).collect();
            (section.clone(), fields)
        });
        Self::write(kept.collect())
    }

    fn write(mut sections: Vec<(Section<'_>, Fields<'_>)>) -> Self {
        sections.retain(|(_, fields)| fields.iter().any(|(key, _)| !key.starts_with(b"_")));
        if sections.is_empty() {
            return Self::default();
        }
        let text = |text: &[u8]| varint_len(text.len()) + text.len();
        let size = |(section, fields): &(Section<'_>, Fields<'_>)| {
            let fields_size: usize = fields.iter().map(|(key, value)| text(key) + text(value)).sum();
            text(section.name) + varint_len(section.version as usize) + 1 + varint_len(fields.len()) + fields_size
        };
        // The exact size: with spare capacity, the conversion to `Bytes` would copy.
        let mut out = Vec::with_capacity(1 + varint_len(sections.len()) + sections.iter().map(size).sum::<usize>());
        out.put_u8(FORMAT);
        put_varint(&mut out, sections.len());
        for (section, fields) in sections {
            put_text(&mut out, section.name);
            put_varint(&mut out, section.version as usize);
            out.put_u8(section.codec);
            put_varint(&mut out, fields.len());
            for (key, value) in fields {
                put_text(&mut out, key);
                put_text(&mut out, value);
            }
        }
        Self(out.into())
    }
}

type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

impl<'a> Section<'a> {
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut cursor = Cursor(self.fields);
        (0..self.count).map_while(move |_| Some((cursor.text()?, cursor.text()?)))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.start().find(key)
    }

    /// A scan that starts at the first field.
    pub(crate) fn start(&self) -> Scan<'a> {
        Scan { cursor: Cursor(self.fields), left: self.count }
    }
}

/// A position between two fields of a section.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    cursor: Cursor<'a>,
    left: usize,
}

impl<'a> Scan<'a> {
    /// Finds the value of `key` after this position, and moves behind it. A caller that asks for keys in ascending
    /// order finds all of them in one pass.
    pub(crate) fn find(&mut self, key: &str) -> Option<&'a [u8]> {
        while self.left > 0 {
            let mut cursor = self.cursor;
            let text = cursor.text()?;
            // Most keys differ in the first byte.
            let order = text.first().cmp(&key.as_bytes().first()).then_with(|| text.cmp(key.as_bytes()));
            if order == Ordering::Greater {
                return None;
            }
            let value = cursor.text()?;
            *self = Self { cursor, left: self.left - 1 };
            if order == Ordering::Equal {
                return Some(value);
            }
        }
        None
    }
}

/// Checks a name or a key.
fn checked(text: &[u8]) -> Result<&[u8], Corrupt> {
    if text.is_empty() || text.len() > MAX_NAME {
        return Err(Corrupt::new("an empty name, or one too long"));
    }
    match str::from_utf8(text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Corrupt::new("a name that is not UTF-8")),
    }
}

fn ascending<'a>(previous: &mut Option<&'a [u8]>, name: &'a [u8], what: &'static str) -> Result<(), Corrupt> {
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

fn varint_len(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len());
    out.put_slice(text);
}

/// The bytes that are left to read. Its methods return `None` if the bytes end too early or a number is invalid.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    #[inline]
    fn varint(&mut self) -> Option<u32> {
        let byte = self.byte()?;
        if byte < 0x80 { Some(byte.into()) } else { self.long_varint(byte) }
    }

    /// A varint of several bytes, in its shortest form.
    fn long_varint(&mut self, first: u8) -> Option<u32> {
        let mut value = u64::from(first & 0x7f);
        for shift in [7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).ok().filter(|_| byte != 0);
            }
        }
        None
    }

    #[inline]
    fn count(&mut self, most: usize) -> Option<usize> {
        Some(self.varint()? as usize).filter(|count| (1..=most).contains(count))
    }

    #[inline]
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.varint()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    #[inline]
    fn section(&mut self) -> Option<Section<'a>> {
        let name = self.text()?;
        let version = self.varint()?;
        let codec = self.byte()?;
        let count = self.count(MAX_FIELDS)?;
        Some(Section { name, version, codec, count, fields: self.0 })
    }

    /// Skips the fields of `section`, which was just read.
    fn skip_fields(&mut self, section: &Section<'_>) -> Option<()> {
        for _ in 0..section.count * 2 {
            self.text()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit<'a>(section: &'a str, key: &'a str, value: Option<&'a [u8]>) -> Edit<'a> {
        Edit { section, version: 2, codec: 1, key, value }
    }

    fn sample() -> Payload {
        Payload::default()
            .edited([
                edit("shop", "visits", Some(b"3")),
                edit("shop", "cart", Some(b"[]")),
                edit("auth", "user", Some(b"7")),
            ])
            .unwrap()
    }

    #[test]
    fn the_order_of_edits_does_not_matter() {
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
                    assert_eq!(other.edited([]).unwrap(), other, "equal contents have equal bytes");
                }
            }
        }
    }

    #[test]
    fn unknown_fields_are_kept() {
        let edited = sample().edited([edit("shop", "visits", None), edit("shop", "theme", Some(b"1"))]).unwrap();
        assert_eq!(edited.section("auth").unwrap().get("user"), Some(&b"7"[..]));
        assert_eq!(edited.section("shop").unwrap().get("cart"), Some(&b"[]"[..]));
        assert!(edited.retain(|_, _| false).is_empty());
    }

    #[test]
    fn replaced_and_edited_agree() {
        for length in [0, 1, 3, 126, 127, 128, 129, 16_383, 16_384] {
            let value = vec![b'x'; length];
            for base in [sample(), sample().edited([edit("shop", "visits", Some(&value))]).unwrap()] {
                for key in ["visits", "cart"] {
                    let edit = edit("shop", key, Some(&value));
                    let old = base.section("shop").unwrap().get(key).unwrap();
                    let replaced = base.replaced(old, &value).unwrap();
                    assert_eq!(replaced, base.edited([edit]).unwrap());
                    assert_eq!(Payload::parse(replaced.0.clone()).unwrap(), replaced);
                }
            }
        }
    }

    #[test]
    fn a_version_never_decreases() {
        let newer = Payload::default().edited([Edit { version: 9, ..edit("shop", "a", Some(b"1")) }]).unwrap();
        assert_eq!(newer.edited([edit("shop", "b", Some(b"1"))]).unwrap().section("shop").unwrap().version, 9);
    }

    #[test]
    fn only_readable_payloads_are_written() {
        let keys: Vec<String> = (0..=MAX_FIELDS).map(|number| format!("k{number}")).collect();
        let full = |count| Payload::default().edited(keys.iter().take(count).map(|key| edit("shop", key, Some(b"1"))));
        let most = full(MAX_FIELDS).unwrap();
        assert_eq!(Payload::parse(most.0.clone()).unwrap(), most);
        assert!(full(MAX_FIELDS + 1).is_none());
    }
}
