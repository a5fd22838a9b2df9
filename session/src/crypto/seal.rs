//! [`Sealer`]: authenticated encryption, and signatures. To seal is to encrypt or to sign; to open is the reverse.
//!
//! ```text
//! encrypted  0x02 ‖ key id[4] ‖ nonce[24] ‖ ciphertext ‖ tag[16]       XChaCha20-Poly1305
//! signed     0x04 ‖ key id[4] ‖ plain ‖ tag[32]                        HMAC-SHA-256
//!
//! additional data  LP(label) ‖ LP(version) ‖ LP(key id) ‖ LP(each part of the context)
//! signed bytes     LP(label) ‖ LP(each part of the context) ‖ LP(key id) ‖ LP(version ‖ plain)
//! LP(x)            u16 length ‖ x
//! ```
//!
//! The version does not select an algorithm: a sealer opens only the version that it writes. The key id selects the
//! key: a sealer does not try one key after another. Nonces are random; with 192 bits a repetition is not to be
//! expected.

use bytes::Bytes;
use chacha20poly1305::aead::array::Array;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::base::clock::{Rng, RngError};
use crate::crypto::keys::{KeyId, KeyRing, Purpose, SecretKey};

const ENCRYPTED: u8 = 0x02;
const SIGNED: u8 = 0x04;
const NONCE: usize = 24;
const TAG: usize = 16;
const MAC: usize = 32;
/// The version and the key id.
const HEAD: usize = 1 + 4;

/// The keys of a ring for one purpose and one context. A value that is sealed for one context cannot be opened in
/// another one.
pub(crate) struct Sealer {
    version: u8,
    primary: SealerKey,
    others: Vec<SealerKey>,
}

struct SealerKey {
    id: KeyId,
    cipher: Cipher,
}

enum Cipher {
    Encrypt {
        cipher: XChaCha20Poly1305,
        additional: Vec<u8>,
    },
    /// The state of the MAC after the label, the context and the key id.
    Sign(Hmac<Sha256>),
}

/// Why a value cannot be opened. For logs and tests only: the client cannot tell the reasons apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// It is too short, or longer than any sealed value.
    Length,
    /// It is not canonical base64url.
    Encoding,
    /// It has another version: it is a value of another kind.
    Version,
    /// It is sealed with a key that is not in the ring.
    Key,
    /// It was changed, or sealed for another context.
    Forged,
    /// A deadline has passed.
    Expired,
    /// Its timestamps contradict each other or the clock.
    Times,
    /// It is authentic, but its content is not a session.
    Content,
}

/// An opened value.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) bytes: Bytes,
    /// Whether it was sealed with another key than the primary one.
    pub(crate) needs_reissue: bool,
}

impl Sealer {
    pub(crate) fn encrypting(keys: &KeyRing, purpose: Purpose, label: &[u8], context: &[&[u8]]) -> Self {
        let cipher = |key: &[u8; 32], id: KeyId| {
            let mut additional = parts(&[label, &[ENCRYPTED], &id.0]);
            for part in context {
                put(&mut additional, part);
            }
            Cipher::Encrypt { cipher: XChaCha20Poly1305::new(&Array(*key)), additional }
        };
        Self::new(ENCRYPTED, keys, purpose, cipher)
    }

    pub(crate) fn signing(keys: &KeyRing, label: &[u8], context: &[&[u8]]) -> Self {
        let cipher = |key: &[u8; 32], id: KeyId| {
            let mut before = parts(&[label]);
            for part in context {
                put(&mut before, part);
            }
            put(&mut before, &id.0);
            // HMAC pads a key that is shorter than a block with zeros (RFC 2104).
            let mut block = Array::default();
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
            Cipher::Sign(Hmac::<Sha256>::new(&block).chain_update(before))
        };
        Self::new(SIGNED, keys, Purpose::Sign, cipher)
    }

    fn new(version: u8, keys: &KeyRing, purpose: Purpose, cipher: impl Fn(&[u8; 32], KeyId) -> Cipher) -> Self {
        let sealer_key = |key: &SecretKey| SealerKey { id: key.id(), cipher: cipher(key.subkey(purpose), key.id()) };
        let (primary, others) = keys.split();
        Self { version, primary: sealer_key(primary), others: others.iter().map(sealer_key).collect() }
    }

    /// The number of bytes that sealing adds.
    pub(crate) fn overhead(&self) -> usize {
        match self.version {
            SIGNED => HEAD + MAC,
            _ => HEAD + NONCE + TAG,
        }
    }

    /// Seals the `length` bytes that `write` appends. [`open`](Self::open) needs the same `bound`, which is
    /// authenticated but not part of the result.
    pub(crate) fn seal(
        &self,
        rng: &dyn Rng,
        bound: &[u8],
        length: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, RngError> {
        let SealerKey { id, cipher } = &self.primary;
        let mut out = Vec::with_capacity(length + self.overhead());
        out.push(self.version);
        out.extend_from_slice(&id.0);
        match cipher {
            Cipher::Encrypt { cipher, additional } => {
                let mut nonce = Array([0; NONCE]);
                rng.fill(&mut nonce)?;
                out.extend_from_slice(&nonce);
                write(&mut out);
                let plain = out.get_mut(HEAD + NONCE..).unwrap_or_default();
                let tag = cipher
                    .encrypt_inout_detached(&nonce, &with(additional, bound), plain.into())
                    // Fails for more than 256 GiB only.
                    .map_err(|error| RngError::new(error.to_string()))?;
                out.extend_from_slice(&tag);
            },
            Cipher::Sign(mac) => {
                write(&mut out);
                let tag = signed(mac, bound, self.version, out.get(HEAD..).unwrap_or_default());
                out.extend_from_slice(&tag.finalize().into_bytes());
            },
        }
        Ok(out)
    }

    /// Opens a value that [`seal`](Self::seal) returned. Checks length, version, key id and authenticity, in this
    /// order.
    pub(crate) fn open(&self, mut sealed: Vec<u8>, bound: &[u8]) -> Result<Plain, Rejected> {
        let Some(end) = sealed.len().checked_sub(self.overhead()) else { return Err(Rejected::Length) };
        let Some(([version, id @ ..], rest)) = sealed.split_first_chunk_mut::<HEAD>() else {
            return Err(Rejected::Length);
        };
        if *version != self.version {
            return Err(Rejected::Version);
        }
        let needs_reissue = self.primary.id.0 != *id;
        let key = match needs_reissue {
            false => &self.primary,
            true => self.others.iter().find(|key| key.id.0 == *id).ok_or(Rejected::Key)?,
        };
        let start = match &key.cipher {
            Cipher::Encrypt { cipher, additional } => {
                let (nonce, rest) = rest.split_first_chunk_mut::<NONCE>().ok_or(Rejected::Length)?;
                let (text, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(Rejected::Length)?;
                cipher
                    .decrypt_inout_detached(&Array(*nonce), &with(additional, bound), text.into(), &Array(*tag))
                    .map_err(|_| Rejected::Forged)?;
                HEAD + NONCE
            },
            Cipher::Sign(mac) => {
                let (plain, tag) = rest.split_last_chunk_mut::<MAC>().ok_or(Rejected::Length)?;
                signed(mac, bound, *version, plain).verify_slice(tag).map_err(|_| Rejected::Forged)?;
                HEAD
            },
        };
        Ok(Plain { bytes: Bytes::from(sealed).slice(start..start + end), needs_reissue })
    }
}

/// The additional data of a key, followed by `bound`.
fn with<'a>(additional: &'a [u8], bound: &[u8]) -> std::borrow::Cow<'a, [u8]> {
    if bound.is_empty() {
        return additional.into();
    }
    let mut all = Vec::with_capacity(additional.len() + 2 + bound.len());
    all.extend_from_slice(additional);
    put(&mut all, bound);
    all.into()
}

fn signed(mac: &Hmac<Sha256>, bound: &[u8], version: u8, plain: &[u8]) -> Hmac<Sha256> {
    let mac = mac.clone();
    let mac = if bound.is_empty() { mac } else { mac.chain_update(parts(&[bound])) };
    mac.chain_update(length(plain.len() + 1)).chain_update([version]).chain_update(plain)
}

fn parts(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    for part in parts {
        put(&mut out, part);
    }
    out
}

/// Appends a part with its length, so that different lists of parts are different bytes.
fn put(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&length(part.len()));
    out.extend_from_slice(part);
}

/// The length of a part: parts are names, ids and cookies, which are shorter than 64 KiB.
fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

    use super::*;
    use crate::crypto::keys::tests::{counting, hex};

    /// Returns the bytes 0x40, 0x41, 0x42, …: the nonce of the vector.
    struct Counting;
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.iter_mut().zip(0x40..).for_each(|(byte, value)| *byte = value);
            Ok(())
        }
    }

    const ENCRYPT: &[u8] = b"typed-session/v1/encrypt";
    const PLAIN: &[u8] = br#"{"v":1,"iat":1700000000,"exp":1700001800}"#;

    fn encrypting() -> Sealer {
        Sealer::encrypting(&KeyRing::new(counting()), Purpose::Encrypt, ENCRYPT, &[b"__Host-sid", b"auth"])
    }

    /// libsodium seals the same bytes, and opens them.
    #[test]
    fn encrypted_vector() {
        let sealed = encrypting().seal(&Counting, &[], PLAIN.len(), |out| out.extend_from_slice(PLAIN)).unwrap();
        assert_eq!(
            BASE64URL.encode(&sealed),
            concat!(
                "Aqkf8oVAQUJDREVGR0hJSktMTU5PUFFSU1RVVldsTpOJhpSCxCauw1egQbmiJnxV1iK539Y2",
                "IuJwtxPluB6S0ObzwD-SvXRCC-gllNtDyrvq7wg3qtM"
            )
        );
        assert_eq!(encrypting().open(sealed, &[]).unwrap().bytes, PLAIN);
    }

    /// Python's `hmac` computes the same bytes. The value is the token of a server-side session, which begins with
    /// version 1.
    #[test]
    fn signed_vector() {
        let sealer = Sealer::signing(&KeyRing::new(counting()), b"typed-session/v1/sign", &[b"__Host-sid", b"auth"]);
        let Cipher::Sign(mac) = &sealer.primary.cipher else { panic!() };
        let token: Vec<u8> = (0xa0..0xb0).chain(0x10..0x20).collect();
        assert_eq!(
            hex(&signed(mac, &[], 1, &token).finalize().into_bytes()),
            "1912c4a2bfbbd9efb701549239d3fdf23504b424d80c582daf802437019da3b9"
        );
    }

    /// A value that was changed, cut off or extended does not open.
    #[test]
    fn only_the_unchanged_value_opens() {
        let ring = KeyRing::new(counting());
        for sealer in [encrypting(), Sealer::signing(&ring, b"label", &[b"part"])] {
            let sealed = sealer.seal(&Counting, b"here", PLAIN.len(), |out| out.extend_from_slice(PLAIN)).unwrap();
            assert_eq!(sealed.len(), PLAIN.len() + sealer.overhead());
            assert_eq!(sealer.open(sealed.clone(), b"here").unwrap().bytes, PLAIN);
            for bit in 0..sealed.len() * 8 {
                let mut flipped = sealed.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let expected = match bit / 8 {
                    0 => Rejected::Version,
                    1..HEAD => Rejected::Key,
                    _ => Rejected::Forged,
                };
                assert_eq!(sealer.open(flipped, b"here").unwrap_err(), expected, "bit {bit}");
            }
            for length in 0..sealed.len() {
                let error = sealer.open(sealed[..length].to_vec(), b"here").unwrap_err();
                let short = length < sealer.overhead();
                assert_eq!(error, if short { Rejected::Length } else { Rejected::Forged }, "{length} bytes");
            }
            for more in 1..=64 {
                let longer = [&sealed[..], &vec![0; more]].concat();
                assert_eq!(sealer.open(longer, b"here").unwrap_err(), Rejected::Forged, "{more} bytes more");
            }
            for elsewhere in [&b""[..], b"her", b"heres", b"there"] {
                assert_eq!(sealer.open(sealed.clone(), elsewhere).unwrap_err(), Rejected::Forged);
            }
        }
    }

    /// The same bytes, divided into other parts, are another context.
    #[test]
    fn contexts_are_distinguished() {
        let ring = KeyRing::new(counting());
        let contexts: [&[&[u8]]; 6] = [&[], &[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[b"ab", b""], &[b"b", b"a"]];
        let make = |context| {
            [
                Sealer::encrypting(&ring, Purpose::Encrypt, ENCRYPT, context),
                Sealer::encrypting(&ring, Purpose::AtRest, ENCRYPT, context),
                Sealer::encrypting(&ring, Purpose::Encrypt, b"label", context),
                Sealer::signing(&ring, ENCRYPT, context),
            ]
        };
        let sealers: Vec<Sealer> = contexts.into_iter().flat_map(make).collect();
        for (index, sealer) in sealers.iter().enumerate() {
            let sealed = sealer.seal(&Counting, &[], PLAIN.len(), |out| out.extend_from_slice(PLAIN)).unwrap();
            for (other, opener) in sealers.iter().enumerate() {
                assert_eq!(opener.open(sealed.clone(), &[]).is_ok(), index == other, "{index} in {other}");
            }
        }
    }
}
