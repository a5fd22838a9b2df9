//! The session token: what the cookie carries, and what the store may know of it.
//!
//! A cookie's value is `base64url(0x01 ‖ id[16] ‖ verifier[16])`: 33 bytes, exactly 44 characters, no padding and no slack
//! bits, so a token has one spelling. The id is the store's key and is no secret. The store keeps only
//! `SHA-256(LABEL ‖ id ‖ verifier)`, so a dump of the store opens no session, looking a session up compares no secret, and a
//! rotation replaces one hash in one record: no old key is left behind that could come back to life.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::base::clock::{Rng, RngError};

/// Length of a token as text.
pub(crate) const TOKEN_CHARS: usize = 44;
const TOKEN_BYTES: usize = 33;
const VERSION: u8 = 0x01;

/// With it, id, verifier and SHA-256's own padding fill one 64-byte block: one compression per request.
const LABEL: &[u8] = b"session/v1/verifier\0";
const _: () = assert!(LABEL.len() + 16 + 16 + 9 <= 64);

/// What the store files a session under. Not a secret: without the verifier it opens nothing.
///
/// `Display` writes all of it, as 22 characters; `Debug` the first eight.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The characters of `Display`, without an allocation.
    pub fn to_chars(self) -> [u8; 22] {
        let mut chars = [0; 22];
        // 16 bytes are 22 characters, always.
        let _ = BASE64URL.encode_slice(self.0, &mut chars);
        chars
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.to_chars()).unwrap_or_default())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.to_string().get(..8).unwrap_or_default())
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        let mut bytes = [0; 18];
        match BASE64URL.decode_slice(text, &mut bytes) {
            Ok(16) => bytes.first_chunk().copied().map(Self).ok_or(InvalidSessionId),
            _ => Err(InvalidSessionId),
        }
    }
}

/// The text is not a [`SessionId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSessionId;

impl fmt::Display for InvalidSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session id is 22 characters of base64url")
    }
}

impl std::error::Error for InvalidSessionId {}

/// What the client holds. No `Debug`, `Display`, `Serialize`, `Clone` or `PartialEq`: a token that cannot be printed is not
/// logged, and one that cannot be compared is not compared in variable time.
pub(crate) struct Token {
    id: SessionId,
    verifier: [u8; 16],
}

impl Token {
    /// A new token for a new session.
    pub(crate) fn generate(rng: &dyn Rng) -> Result<Self, RngError> {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes)?;
        let (mut id, mut verifier) = ([0; 16], [0; 16]);
        let (first, second) = bytes.split_at(16);
        id.copy_from_slice(first);
        verifier.copy_from_slice(second);
        bytes.zeroize();
        Ok(Self { id: SessionId(id), verifier })
    }

    /// A new verifier for a session that exists.
    pub(crate) fn rotate(id: SessionId, rng: &dyn Rng) -> Result<Self, RngError> {
        let mut verifier = [0; 16];
        rng.fill(&mut verifier)?;
        Ok(Self { id, verifier })
    }

    /// Reads a cookie's value. Anything but the one spelling of a token is `None`.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        if value.len() != TOKEN_CHARS {
            return None;
        }
        let mut bytes = [0; TOKEN_BYTES];
        BASE64URL.decode_slice(value, &mut bytes).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (id, verifier) = rest.split_at(16);
        let token = (*version == VERSION)
            .then(|| Some(Self { id: SessionId(id.try_into().ok()?), verifier: verifier.try_into().ok()? }))
            .flatten();
        bytes.zeroize();
        token
    }

    /// The cookie's value.
    pub(crate) fn to_chars(&self) -> [u8; TOKEN_CHARS] {
        let mut bytes = [0; TOKEN_BYTES];
        let (version, rest) = bytes.split_at_mut(1);
        version.copy_from_slice(&[VERSION]);
        let (id, verifier) = rest.split_at_mut(16);
        id.copy_from_slice(&self.id.0);
        verifier.copy_from_slice(&self.verifier);
        let mut chars = [0; TOKEN_CHARS];
        // 33 bytes are 44 characters, always.
        let _ = BASE64URL.encode_slice(bytes, &mut chars);
        bytes.zeroize();
        chars
    }

    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    /// What the store keeps.
    pub(crate) fn verifier_hash(&self) -> VerifierHash {
        let digest = Sha256::new().chain_update(LABEL).chain_update(self.id.0).chain_update(self.verifier).finalize();
        VerifierHash(digest.into())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.verifier.zeroize();
    }
}

/// SHA-256 of a verifier. Compared in constant time only.
#[derive(Clone, Copy)]
pub(crate) struct VerifierHash([u8; 32]);

impl fmt::Debug for VerifierHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifierHash(…)")
    }
}

impl VerifierHash {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn matches(&self, other: &Self) -> bool {
        // By words, and all of them: `subtle` goes byte by byte.
        let (ours, _) = self.0.as_chunks::<8>();
        let (theirs, _) = other.0.as_chunks::<8>();
        let differing = ours
            .iter()
            .zip(theirs)
            .fold(0, |differing, (one, other)| differing | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other)));
        differing.ct_eq(&0).into()
    }
}

/// A map of sessions.
pub(crate) type IdMap<T> = HashMap<SessionId, T, BuildHasherDefault<RandomIds>>;

/// Ids are random already, and only those of sessions that exist are ever inserted, which the app made: nobody outside can aim for a
/// bucket.
#[derive(Default)]
pub(crate) struct RandomIds(u64);

impl Hasher for RandomIds {
    fn write(&mut self, bytes: &[u8]) {
        // The last eight bytes: the first one chooses the shard.
        if let Some(tail) = bytes.last_chunk() {
            self.0 = u64::from_ne_bytes(*tail);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout is pinned: cookies that browsers hold must open for ever.
    #[test]
    fn vector() {
        let token = Token::parse(b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f").unwrap();
        assert_eq!(token.id().as_bytes()[..], (0xa0..=0xaf).collect::<Vec<u8>>()[..]);
        assert_eq!(token.verifier[..], (0x10..=0x1f).collect::<Vec<u8>>()[..]);
        assert_eq!(&token.to_chars(), b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f");
        assert_eq!(token.id().to_string(), "oKGio6SlpqeoqaqrrK2urw");
        assert_eq!(format!("{:?}", token.id()), "oKGio6Sl…");
        let hash = token.verifier_hash().as_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hash, "a92bff3c476f3ffe1eb558e3d7f2d0b799e2123d9c24a7bc2e92edc4d7c48fee");
    }

    #[test]
    fn nothing_but_a_token_parses() {
        let good = *b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
        for length in 0..44 {
            assert!(Token::parse(&good[..length]).is_none());
        }
        for byte in 0..=255 {
            for place in 0..44 {
                let mut bad = good;
                bad[place] = byte;
                if let Some(token) = Token::parse(&bad) {
                    assert_eq!(token.to_chars(), bad, "one token, one spelling");
                }
            }
        }
    }

    #[test]
    fn a_failing_rng_makes_no_token() {
        struct Failing;
        impl Rng for Failing {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
                let half = bytes.len() / 2;
                bytes[..half].fill(7);
                Err(RngError::new("half empty"))
            }
        }
        assert!(Token::generate(&Failing).is_err());
        assert!(Token::rotate(SessionId([0; 16]), &Failing).is_err());
    }
}
