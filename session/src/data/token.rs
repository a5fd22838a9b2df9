//! The session token: the value of the cookie.
//!
//! A token is `base64url(0x01 ‖ id[16] ‖ verifier[16])`: 33 bytes, which are exactly 44 characters without padding or
//! unused bits, so each token has one spelling. The id is the key in the store and not secret. The verifier has 128
//! random bits, as OWASP ASVS 5.0 (7.2.3) requires. The store holds only `SHA-256(audience ‖ id ‖ verifier)`. A copy of
//! the store therefore opens no session, a lookup by id compares no secret, and a rotation replaces one hash in one
//! record, without an old key that could be used again.
//!
//! The [`Audience`] stands for the cookie's name, the session type and the app: the token of one app opens no session
//! in another app on the same store. The first releases stored `SHA-256(LABEL ‖ id ‖ verifier)`, which is still read.

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

/// The length of a token in characters.
pub(crate) const TOKEN_CHARS: usize = 44;
const TOKEN_BYTES: usize = 33;
const VERSION: u8 = 0x01;

/// Audience, id, verifier and the padding of SHA-256 fit into one block of 64 bytes, so a request costs one
/// compression.
const AUDIENCE_BYTES: usize = 23;
const _: () = assert!(AUDIENCE_BYTES + 16 + 16 + 9 <= 64);
/// In place of the audience, in the first format.
const LABEL: &[u8] = b"session/v1/verifier\0";
const AUDIENCE_LABEL: &[u8] = b"session/v2/audience\0";

/// The id of a session: 16 random bytes, its key in the store.
///
/// An id is not secret, because a client needs the verifier in its token too. `Display` writes the whole id as 22
/// characters of base64url, and `FromStr` reads them. `Debug` writes the first eight characters, for logs.
///
/// ```
/// use session::SessionId;
///
/// let id = SessionId::from_bytes([0xa0; 16]);
/// assert_eq!(id.to_string(), "oKCgoKCgoKCgoKCgoKCgoA");
/// assert_eq!("oKCgoKCgoKCgoKCgoKCgoA".parse(), Ok(id));
/// assert_eq!(format!("{id:?}"), "oKCgoKCg…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// The id with these bytes. For stores, which read ids back; the engine makes new ones.
    ///
    /// ```
    /// # use session::SessionId;
    /// assert_eq!(SessionId::from_bytes([7; 16]).as_bytes(), &[7; 16]);
    /// ```
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    ///
    /// ```
    /// # use session::SessionId;
    /// assert_eq!(SessionId::from_bytes([7; 16]).as_bytes(), &[7; 16]);
    /// ```
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The ASCII characters that `Display` writes, without an allocation.
    ///
    /// ```
    /// # use session::SessionId;
    /// let id = SessionId::from_bytes([0xa0; 16]);
    /// assert_eq!(&id.to_chars(), b"oKCgoKCgoKCgoKCgoKCgoA");
    /// ```
    pub fn to_chars(self) -> [u8; 22] {
        let mut chars = [0; 22];
        // 16 bytes are always 22 characters.
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

/// The error of parsing a [`SessionId`]: the text is not 22 characters of canonical base64url.
///
/// ```
/// use session::{InvalidSessionId, SessionId};
///
/// let error: InvalidSessionId = "not an id".parse::<SessionId>().unwrap_err();
/// assert_eq!(error.to_string(), "a session id is 22 characters of base64url");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSessionId;

impl fmt::Display for InvalidSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session id is 22 characters of base64url")
    }
}

impl std::error::Error for InvalidSessionId {}

/// The token of a client. It has no `Debug`, `Display` or `Serialize`, so that it is not logged, and no `PartialEq`, so
/// that it is not compared in variable time.
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

    /// A token with a new verifier for an existing session.
    pub(crate) fn rotate(id: SessionId, rng: &dyn Rng) -> Result<Self, RngError> {
        let mut verifier = [0; 16];
        rng.fill(&mut verifier)?;
        Ok(Self { id, verifier })
    }

    /// Reads the value of a cookie. Returns `None` for anything that is not the one spelling of a token.
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

    /// The value of the cookie.
    pub(crate) fn to_chars(&self) -> [u8; TOKEN_CHARS] {
        let mut bytes = [0; TOKEN_BYTES];
        let (version, rest) = bytes.split_at_mut(1);
        version.copy_from_slice(&[VERSION]);
        let (id, verifier) = rest.split_at_mut(16);
        id.copy_from_slice(&self.id.0);
        verifier.copy_from_slice(&self.verifier);
        let mut chars = [0; TOKEN_CHARS];
        // 33 bytes are always 44 characters.
        let _ = BASE64URL.encode_slice(bytes, &mut chars);
        bytes.zeroize();
        chars
    }

    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    /// The hash that the store holds.
    pub(crate) fn verifier_hash(&self, audience: &Audience) -> VerifierHash {
        self.hash(&audience.0)
    }

    /// The hash that the first releases have stored. It is not bound to an audience.
    pub(crate) fn unbound_hash(&self) -> VerifierHash {
        self.hash(LABEL)
    }

    fn hash(&self, label: &[u8]) -> VerifierHash {
        let digest = Sha256::new().chain_update(label).chain_update(self.id.0).chain_update(self.verifier).finalize();
        VerifierHash(digest.into())
    }
}

/// What a token is for: the name of its cookie, the session type, and the app where several apps share a store.
#[derive(Clone, Debug)]
pub(crate) struct Audience([u8; AUDIENCE_BYTES]);

impl Audience {
    pub(crate) fn new(cookie: &str, section: &str, app: &str) -> Self {
        let mut hash = Sha256::new().chain_update(AUDIENCE_LABEL);
        for part in [cookie, section, app] {
            // With the length, so that no two triples have the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut audience = [0; AUDIENCE_BYTES];
        audience.iter_mut().zip(hash.finalize()).for_each(|(place, byte)| *place = byte);
        Self(audience)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.verifier.zeroize();
    }
}

/// The SHA-256 hash of a verifier. It can be compared in constant time only.
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
        // Compares all words: `subtle` compares byte by byte, which is slower.
        let (ours, _) = self.0.as_chunks::<8>();
        let (theirs, _) = other.0.as_chunks::<8>();
        let differing = ours
            .iter()
            .zip(theirs)
            .fold(0, |differing, (one, other)| differing | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other)));
        differing.ct_eq(&0).into()
    }
}

/// A map with session ids as keys.
pub(crate) type IdMap<T> = HashMap<SessionId, T, BuildHasherDefault<RandomIds>>;

/// The hasher of [`IdMap`]: it takes eight bytes of the id. Ids are random, and only ids that this app made are
/// inserted, so an attacker cannot choose keys that collide.
#[derive(Default)]
pub(crate) struct RandomIds(u64);

impl Hasher for RandomIds {
    fn write(&mut self, bytes: &[u8]) {
        // The last eight bytes, because the first byte selects the shard.
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

    /// Pins the layout: browsers hold cookies of it.
    #[test]
    fn vector() {
        let token = Token::parse(b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f").unwrap();
        assert_eq!(token.id().as_bytes()[..], (0xa0..=0xaf).collect::<Vec<u8>>()[..]);
        assert_eq!(token.verifier[..], (0x10..=0x1f).collect::<Vec<u8>>()[..]);
        assert_eq!(&token.to_chars(), b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f");
        assert_eq!(token.id().to_string(), "oKGio6SlpqeoqaqrrK2urw");
        assert_eq!(format!("{:?}", token.id()), "oKGio6Sl…");
        let hex =
            |hash: VerifierHash| hash.as_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let unbound = hex(token.unbound_hash());
        assert_eq!(unbound, "a92bff3c476f3ffe1eb558e3d7f2d0b799e2123d9c24a7bc2e92edc4d7c48fee");
        let audience = Audience::new("__Host-sid", "shop", "");
        assert_eq!(
            hex(token.verifier_hash(&audience)),
            "6ac0f91259b101e3624a78b6c8ba4cbf82e5b66a88c3a7d627ebc76f9552e3ed"
        );
        for other in
            [("__Host-si", "dshop", ""), ("sid", "shop", ""), ("__Host-sid", "admin", ""), ("__Host-sid", "shop", "eu")]
        {
            let other = Audience::new(other.0, other.1, other.2);
            assert!(!token.verifier_hash(&audience).matches(&token.verifier_hash(&other)));
        }
    }

    #[test]
    fn only_a_token_is_parsed() {
        let good = *b"AaChoqOkpaanqKmqq6ytrq8QERITFBUWFxgZGhscHR4f";
        for length in 0..44 {
            assert!(Token::parse(&good[..length]).is_none());
        }
        for byte in 0..=255 {
            for place in 0..44 {
                let mut bad = good;
                bad[place] = byte;
                if let Some(token) = Token::parse(&bad) {
                    assert_eq!(token.to_chars(), bad, "a token has one spelling");
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
