//! [`SecretKey`]: a secret, its text, and the keys that are derived from it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::error::KeyError;
use crate::base::clock::{Rng, RngError, SystemRng};
use crate::base::secret::Secret;

const SALT: &[u8] = b"typed-session/v1";
const PREFIX: &str = "tsk1_";
/// The security level of the ciphers: 256 bits.
const MIN_BYTES: usize = 32;
/// Of 32 random bytes about 30 are distinct. Fewer than 16 do not occur in practice.
const MIN_DISTINCT_BYTES: usize = 16;

/// The purpose of a key. For each purpose, a separate key is derived from the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Encrypted cookies.
    Encrypt,
    /// Signed cookies, which the client can read.
    Sign,
    /// Encrypted records in a store.
    AtRest,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Encrypt, Self::Sign, Self::AtRest];

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Encrypt => b"encrypt:xchacha20poly1305",
            Self::Sign => b"sign:hmac-sha256",
            Self::AtRest => b"store:at-rest",
        }
    }
}

const ID_LABEL: &[u8] = b"kid";

/// The id of a key: four bytes that are derived from the key and do not reveal it.
///
/// Everything that is encrypted or signed with a key contains its id. `Display` and `Debug` write it as eight
/// hexadecimal digits.
///
/// ```
/// use session::{KeyId, SecretKey};
///
/// let key = SecretKey::generate()?;
/// let id: KeyId = key.id();
/// assert_eq!(id.to_string().len(), 8);
/// # Ok::<(), session::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A secret key of at least 32 bytes.
///
/// It cannot be printed, compared or serialized; `Debug` shows its id. It is wiped from memory when its last clone is
/// dropped. Each purpose (encrypted cookies, signed cookies, records at rest) uses a separate key, which is derived
/// from it with HKDF-SHA-256 (RFC 5869).
///
/// ```
/// use session::SecretKey;
///
/// let key = SecretKey::generate()?;
/// // Put this text into the secret store of your deployment, once.
/// let text = key.to_text();
/// assert_eq!(SecretKey::parse(text.expose())?.id(), key.id());
/// # Ok::<(), session::KeyError>(())
/// ```
#[derive(Clone)]
pub struct SecretKey(Arc<Inner>);

struct Inner {
    id: KeyId,
    secret: Zeroizing<Vec<u8>>,
    subkeys: [Zeroizing<[u8; 32]>; Purpose::ALL.len()],
}

impl SecretKey {
    /// Makes a new key of 32 bytes with the random number generator of the operating system.
    ///
    /// A server that does this at each start ends all sessions at each start: generate a key once, and keep its
    /// [text](Self::to_text).
    ///
    /// # Errors
    ///
    /// If the random number generator fails.
    ///
    /// ```
    /// # use session::SecretKey;
    /// println!("{}", SecretKey::generate()?.to_text().expose()); // tsk1_…
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new(vec![0; MIN_BYTES]);
        SystemRng.fill(&mut secret).map_err(|error: RngError| KeyError(error.to_string()))?;
        Self::checked(secret)
    }

    /// Reads a key from the text that [`to_text`](Self::to_text) returns: `tsk1_…`. Whitespace around it is ignored.
    ///
    /// # Errors
    ///
    /// If the text is empty, has no prefix `tsk1_`, is cut short, is not base64url or has a wrong checksum; or if the
    /// key is one that [`from_bytes`](Self::from_bytes) refuses. The error says what is wrong, without quoting the
    /// text.
    ///
    /// ```
    /// # use session::SecretKey;
    /// let text = SecretKey::generate()?.to_text();
    /// let cut = &text.expose()[..54];
    /// assert!(SecretKey::parse(cut).is_err());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError("the key is empty; make one with `SecretKey::generate()`".into()));
        }
        let Some(body) = text.strip_prefix(PREFIX) else {
            return Err(KeyError(
                "not a key: the text of a key begins with `tsk1_`; make a key with `SecretKey::generate()`, or pass a \
                 secret of your own, decoded to at least 32 random bytes, to `SecretKey::from_bytes`"
                    .into(),
            ));
        };
        let cut = || KeyError("the key is cut short; a key of 32 bytes has 55 characters".into());
        // The checksum, the last six characters, can contain `_` too.
        let (encoded, checksum) = body.len().checked_sub(7).and_then(|at| body.split_at_checked(at)).ok_or_else(cut)?;
        let checksum = checksum.strip_prefix('_').ok_or_else(cut)?;
        let decode = |text: &str| BASE64URL.decode(text).map(Zeroizing::new);
        let (Ok(secret), Ok(checksum)) = (decode(encoded), decode(checksum)) else {
            return Err(KeyError("the key is not base64url: a character was changed or lost".into()));
        };
        if secret.len() < MIN_BYTES {
            return Err(too_short(secret.len()));
        }
        if crc32fast::hash(&secret).to_be_bytes() != checksum[..] {
            return Err(KeyError("the key's checksum does not match: a character was changed".into()));
        }
        Self::checked(secret)
    }

    /// Makes a key from at least 32 random bytes of your own. Decode hexadecimal or base64 text first: a letter of it
    /// holds only 4 or 6 bits.
    ///
    /// # Errors
    ///
    /// If there are fewer than 32 bytes, or they are evidently not random: fewer than 16 distinct values, a sequence
    /// that counts up or down, or a placeholder such as `change-me`.
    ///
    /// ```
    /// # use session::SecretKey;
    /// # let bytes_of_a_key_manager: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(77)).collect();
    /// let key = SecretKey::from_bytes(&bytes_of_a_key_manager)?;
    /// assert!(SecretKey::from_bytes(b"too short").is_err());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn from_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        Self::checked(Zeroizing::new(secret.to_vec()))
    }

    fn checked(secret: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if secret.len() < MIN_BYTES {
            return Err(too_short(secret.len()));
        }
        let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
        if distinct < MIN_DISTINCT_BYTES {
            return Err(KeyError(format!(
                "the key is not random: it has {distinct} distinct bytes among {}; if it is hex or base64 text, decode \
                 it first",
                secret.len()
            )));
        }
        if is_placeholder(&secret) {
            return Err(KeyError(
                "the key is an example or a placeholder, which is not secret; make one with `SecretKey::generate()`"
                    .into(),
            ));
        }
        Self::derived(secret)
    }

    fn derived(secret: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), &secret);
        let expand = |label: &[u8]| {
            let mut out = Zeroizing::new([0; 32]);
            hkdf.expand(label, &mut *out).map(|()| out).map_err(|error| KeyError(error.to_string()))
        };
        let [encrypt, sign, at_rest] = Purpose::ALL.map(|purpose| expand(purpose.label()));
        let [first, second, third, fourth, ..] = *expand(ID_LABEL)?;
        Ok(Self(Arc::new(Inner {
            id: KeyId([first, second, third, fourth]),
            secret,
            subkeys: [encrypt?, sign?, at_rest?],
        })))
    }

    /// The key as text, for the secret store of your deployment. [`parse`](Self::parse) and
    /// [`KeyRing::parse`](crate::KeyRing::parse) read it.
    ///
    /// ```
    /// # use session::SecretKey;
    /// let text = SecretKey::generate()?.to_text();
    /// assert!(text.expose().starts_with("tsk1_") && text.expose().len() == 55);
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn to_text(&self) -> Secret<String> {
        let secret = &self.0.secret;
        let checksum = crc32fast::hash(secret).to_be_bytes();
        let encoded = Zeroizing::new(BASE64URL.encode(&**secret));
        Secret::new(format!("{PREFIX}{}_{}", *encoded, BASE64URL.encode(checksum)))
    }

    /// The id of the key, for logs and for [`KeyRing::revoking`](crate::KeyRing::revoking).
    ///
    /// ```
    /// # use session::SecretKey;
    /// let (one, other) = (SecretKey::generate()?, SecretKey::generate()?);
    /// assert_eq!(one.id(), one.clone().id());
    /// assert_ne!(one.id(), other.id());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    pub(crate) fn subkey(&self, purpose: Purpose) -> &[u8; 32] {
        let [encrypt, sign, at_rest] = &self.0.subkeys;
        match purpose {
            Purpose::Encrypt => encrypt,
            Purpose::Sign => sign,
            Purpose::AtRest => at_rest,
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id())
    }
}

fn too_short(bytes: usize) -> KeyError {
    KeyError(format!("the key has {bytes} bytes; at least {MIN_BYTES} are needed"))
}

/// Whether the secret contains a word of placeholders, or is the byte sequence of test vectors.
fn is_placeholder(secret: &[u8]) -> bool {
    const WORDS: [&str; 8] = ["change", "secret", "insecure", "password", "example", "replace", "your_", "your-"];
    // Bytes that count up or down are the keys of test vectors in standards.
    let counts_by = |by: u8| secret.iter().zip(secret.iter().skip(1)).all(|(one, next)| one.wrapping_add(by) == *next);
    let text = str::from_utf8(secret).map(str::to_ascii_lowercase).map(Zeroizing::new);
    counts_by(1) || counts_by(u8::MAX) || text.is_ok_and(|text| WORDS.iter().any(|word| text.contains(word)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::crypto::keys::KeyRing;

    /// The key of the test vectors. `from_bytes` refuses it.
    pub(crate) fn counting() -> SecretKey {
        SecretKey::derived(Zeroizing::new((0..32).collect())).unwrap()
    }

    pub(crate) fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// Computed by another implementation, Python's `hmac`. Cookies and records that exist depend on these keys.
    #[test]
    fn vectors() {
        let key = counting();
        assert_eq!(key.id().to_string(), "a91ff285");
        for (purpose, subkey) in [
            (Purpose::Encrypt, "d6bb263f20d505d123d7e7b4cff84da33efcafd4ea9d5ab05e61644794c59eae"),
            (Purpose::Sign, "96d1245ed0e1c743d945f9db7880eba5a0a88e298d11e059e668fa19491b590e"),
            (Purpose::AtRest, "428a914a7e6a9e85ec3282fcaf930c2a42ef578ad8bcf7797dab0834ccae0890"),
        ] {
            assert_eq!(hex(key.subkey(purpose)), subkey);
        }
    }

    #[test]
    fn labels_are_unique() {
        let mut labels: Vec<_> = Purpose::ALL.map(Purpose::label).into_iter().chain([ID_LABEL]).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Purpose::ALL.len() + 1);
    }

    #[test]
    fn no_key_is_printed() {
        let ring = KeyRing::new(counting()).accepting(SecretKey::generate().unwrap()).unwrap();
        let shown = format!("{ring:?} {:?} {:?}", counting(), counting().to_text());
        assert!(shown.contains("a91ff285") && !shown.contains("tsk1_") && shown.len() < 150, "{shown}");
    }
}
