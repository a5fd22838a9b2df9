//! [`Tokens`]: what a value consists of, as bytes that are hashed.

#![expect(clippy::inline_always, reason = "measured: the length of a member's name is then a constant")]

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// A key of the hash function.
pub(super) type Key = [u64; 2];

/// The tokens of a value. A short sequence is the fingerprint itself; a longer one is hashed with SipHash-1-3 in its
/// variant of 128 bits, a keyed pseudo-random function.
///
/// Two different values are two different sequences, and none is the beginning of another one: a token is its tag and
/// a number of known length, text and names begin with their lengths, and compounds have an end. So only the hash
/// function could give two values one fingerprint, and a client who chooses a value does not know its key.
pub(super) struct Tokens {
    /// The tokens that are not hashed yet: the hash function is several times faster for many bytes than for few.
    buffer: [u8; BUFFER],
    len: usize,
    hasher: Option<SipHasher13>,
    key: Key,
}

const BUFFER: usize = 128;
/// The length of a sequence that is its own fingerprint, with one byte for the length.
const SHORT: usize = 15;

/// The first byte of each token.
pub(super) mod tag {
    pub(in crate::data::fingerprint) const NONE: u8 = 2;
    pub(in crate::data::fingerprint) const SOME: u8 = 3;
    pub(in crate::data::fingerprint) const UNIT: u8 = 4;
    pub(in crate::data::fingerprint) const UNIT_VARIANT: u8 = 5;
    pub(in crate::data::fingerprint) const NEWTYPE_VARIANT: u8 = 6;
    pub(in crate::data::fingerprint) const SEQUENCE: u8 = 7;
    pub(in crate::data::fingerprint) const TUPLE_VARIANT: u8 = 8;
    pub(in crate::data::fingerprint) const MAP: u8 = 9;
    pub(in crate::data::fingerprint) const STRUCT: u8 = 10;
    pub(in crate::data::fingerprint) const STRUCT_VARIANT: u8 = 11;
    /// The end of a compound.
    pub(in crate::data::fingerprint) const END: u8 = 12;
    /// A member of a struct that is not serialized.
    pub(in crate::data::fingerprint) const SKIPPED: u8 = 13;
    pub(in crate::data::fingerprint) const BOOL: u8 = 14;
    pub(in crate::data::fingerprint) const SIGNED: u8 = 15;
    pub(in crate::data::fingerprint) const UNSIGNED: u8 = 16;
    pub(in crate::data::fingerprint) const F32: u8 = 17;
    pub(in crate::data::fingerprint) const F64: u8 = 18;
    pub(in crate::data::fingerprint) const CHAR: u8 = 19;
    pub(in crate::data::fingerprint) const BYTES: u8 = 20;
    pub(in crate::data::fingerprint) const U128: u8 = 21;
    pub(in crate::data::fingerprint) const I128: u8 = 22;
    /// A hashed collection whose order is ignored.
    pub(in crate::data::fingerprint) const UNORDERED: u8 = 24;
    /// The name of a member or a variant. Its length is in the lower six bits.
    pub(in crate::data::fingerprint) const NAME: u8 = 0x40;
    /// Text. Its length is in the lower seven bits.
    pub(in crate::data::fingerprint) const TEXT: u8 = 0x80;
}

impl Tokens {
    pub(super) fn new(key: Key) -> Self {
        Self { buffer: [0; BUFFER], len: 0, hasher: None, key }
    }

    /// No tokens, for the same key.
    pub(super) fn emptied(&self) -> Self {
        Self::new(self.key)
    }

    /// The fingerprint.
    pub(super) fn finish(&mut self) -> u128 {
        match self.buffer.first_chunk::<16>() {
            Some(start) if self.len <= SHORT && self.hasher.is_none() => {
                // Unused bytes are zeros, and the last one is the length.
                u128::from_le_bytes(*start) | (self.len as u128) << 120
            },
            _ => self.hash(),
        }
    }

    /// The hash, also of a short sequence.
    pub(super) fn hash(&mut self) -> u128 {
        self.flushed().finish128().as_u128()
    }

    /// The hasher, after all that is in the buffer.
    fn flushed(&mut self) -> &mut SipHasher13 {
        let [first, second] = self.key;
        let hasher = self.hasher.get_or_insert_with(|| SipHasher13::new_with_keys(first, second));
        hasher.write(self.buffer.get(..self.len).unwrap_or_default());
        self.len = 0;
        hasher
    }

    #[inline]
    pub(super) fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.buffer.get_mut(self.len..).and_then(|room| room.first_chunk_mut::<N>()) {
            Some(room) => {
                *room = bytes;
                self.len += N;
            },
            None => self.hash_now(&bytes),
        }
    }

    /// Hashes the buffer, then `bytes`.
    #[cold]
    fn hash_now(&mut self, bytes: &[u8]) {
        self.flushed().write(bytes);
    }

    #[inline]
    pub(super) fn tag(&mut self, tag: u8) {
        self.push([tag]);
    }

    #[inline]
    pub(super) fn number(&mut self, tag: u8, number: u64) {
        match u8::try_from(number) {
            Ok(small) if small < u8::MAX => self.push([tag, small]),
            _ => {
                self.push([tag, u8::MAX]);
                self.push(number.to_le_bytes());
            },
        }
    }

    #[inline(always)]
    pub(super) fn text(&mut self, text: &str) {
        self.sized(tag::TEXT, 0x7f, text.as_bytes());
    }

    #[inline(always)]
    pub(super) fn name(&mut self, name: &'static str) {
        self.sized(tag::NAME, 0x3f, name.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(tag::BYTES, bytes.len() as u64);
        self.hash_now(bytes);
    }

    /// Bytes after their length, which is in the bits of `short` beside the tag if it is smaller than `short`.
    #[inline(always)]
    fn sized(&mut self, tag: u8, short: u8, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            Ok(length) if length < short => {
                let room = self.buffer.get_mut(self.len..).and_then(|room| room.get_mut(..=bytes.len()));
                if let Some([first, room @ ..]) = room {
                    *first = tag | length;
                    room.copy_from_slice(bytes);
                    self.len += 1 + bytes.len();
                    return;
                }
                self.hash_now(&[tag | length]);
            },
            _ => {
                self.tag(tag | short);
                self.push((bytes.len() as u64).to_le_bytes());
            },
        }
        self.hash_now(bytes);
    }

    /// The index of a variant may be any number where `Serialize` is written by hand. Its name is what JSON stores.
    #[inline]
    pub(super) fn variant(&mut self, tag: u8, index: u32, name: &'static str) {
        self.number(tag, u64::from(index));
        self.name(name);
    }
}
