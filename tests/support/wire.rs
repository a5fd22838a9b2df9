//! A stored record in parts, to build records as older, newer or broken code could write them.

use std::collections::BTreeMap;

use session::store::Record;

/// A record, with its payload decoded.
pub struct Wire {
    head: Vec<u8>,
    pub sections: Vec<Section>,
}

/// One section of a payload.
pub struct Section {
    pub name: String,
    pub version: usize,
    pub codec: u8,
    pub fields: BTreeMap<String, Vec<u8>>,
}

impl Wire {
    pub fn of(record: &Record) -> Self {
        let bytes = record.encode();
        let payload = 198 + usize::from(u16::from_be_bytes([bytes[196], bytes[197]]));
        let (head, mut rest) = bytes.split_at(payload);
        let mut sections = Vec::new();
        if !rest.is_empty() {
            assert_eq!(byte(&mut rest), 1, "the format");
            for _ in 0..varint(&mut rest) {
                let name = string(&mut rest);
                let (version, codec) = (varint(&mut rest), byte(&mut rest));
                let fields = (0..varint(&mut rest)).map(|_| (string(&mut rest), text(&mut rest))).collect();
                sections.push(Section { name, version, codec, fields });
            }
        }
        Self { head: head.to_vec(), sections }
    }

    /// The record's bytes, with the right checksum.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.head.clone();
        out.push(1);
        put_varint(&mut out, self.sections.len());
        for Section { name, version, codec, fields } in &self.sections {
            put_text(&mut out, name.as_bytes());
            put_varint(&mut out, *version);
            out.push(*codec);
            put_varint(&mut out, fields.len());
            for (key, value) in fields {
                put_text(&mut out, key.as_bytes());
                put_text(&mut out, value);
            }
        }
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&out[..20]);
        hasher.update(&out[36..]);
        out[32..36].copy_from_slice(&hasher.finalize().to_be_bytes());
        out
    }
}

fn byte(rest: &mut &[u8]) -> u8 {
    let (byte, tail) = rest.split_first().expect("a byte");
    *rest = tail;
    *byte
}

fn varint(rest: &mut &[u8]) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = byte(rest);
        value |= usize::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            return value;
        }
    }
}

fn text(rest: &mut &[u8]) -> Vec<u8> {
    let length = varint(rest);
    let (text, tail) = rest.split_at(length);
    *rest = tail;
    text.to_vec()
}

fn string(rest: &mut &[u8]) -> String {
    String::from_utf8(text(rest)).expect("UTF-8")
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value > 127 {
        out.push(0x80 | (value & 127) as u8);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len());
    out.extend(text);
}
