//! [`KeyRing`]: the secret keys of a server, and what each is for.
//!
//! ```text
//! text    tsk1_ ‖ base64url(secret) ‖ _ ‖ base64url(CRC-32 of the secret)      55 characters for 32 bytes
//! prk     HKDF-Extract(salt = "typed-session/v1", ikm = secret)
//! subkey  HKDF-Expand(prk, label, 32): a key of its own for each purpose
//! id      the first four bytes of HKDF-Expand(prk, "kid")
//! ```
//!
//! The prefix lets scanners find a key that leaked into a repository, and the checksum turns a paste that lost a character into
//! an error at start-up, where a wrong key would log everybody out. All of HKDF is with SHA-256. Changing a label changes every
//! key derived under it: they are pinned by vectors.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base::clock::{Rng, RngError, SystemRng};
use crate::base::secret::Secret;

const SALT: &[u8] = b"typed-session/v1";
const PREFIX: &str = "tsk1_";
const LEAST_BYTES: usize = 32;
/// Of 32 random bytes thirty are different, more or less; so few never are.
const LEAST_DISTINCT: usize = 16;
/// Keys beside the primary one.
const MOST_OTHERS: usize = 4;

/// What a key is used for. Each use has a key of its own, derived from the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Cookies that nobody can read.
    Encrypt,
    /// Cookies that everybody can read and nobody can write.
    Sign,
    /// Records in a store.
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

/// Names a key without giving it away. It stands in everything that the key has sealed.
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

/// One secret key. Never printed, compared or serialized, and wiped when it is dropped.
///
/// ```
/// use session::SecretKey;
///
/// let key = SecretKey::generate()?;
/// // What goes into the secret store of your deployment, once.
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
    /// A new key from the operating system's generator.
    ///
    /// # Errors
    ///
    /// If the generator has failed.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new(vec![0; LEAST_BYTES]);
        SystemRng.fill(&mut secret).map_err(|error: RngError| KeyError(error.to_string()))?;
        Self::checked(secret)
    }

    /// Reads what [`to_text`](Self::to_text) has written: `tsk1_…`. Space around it is ignored.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, without quoting it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError("the key is empty: make one with `SecretKey::generate()`".into()));
        }
        let Some(body) = text.strip_prefix(PREFIX) else {
            return Err(KeyError(
                "not a key of `SecretKey::to_text`, which begins with `tsk1_`: make one with `SecretKey::generate()`; a secret \
                 of your own, decoded to at least 32 random bytes, is taken by `SecretKey::from_bytes`"
                    .into(),
            ));
        };
        let cut = || KeyError("the key is cut short: one of 32 bytes has 55 characters".into());
        // The checksum's own alphabet has `_` too: it is the last six characters.
        let (encoded, checksum) = body.len().checked_sub(7).and_then(|at| body.split_at_checked(at)).ok_or_else(cut)?;
        let checksum = checksum.strip_prefix('_').ok_or_else(cut)?;
        let decode = |text: &str| BASE64URL.decode(text).map(Zeroizing::new);
        let (Ok(secret), Ok(checksum)) = (decode(encoded), decode(checksum)) else {
            return Err(KeyError("the key is not base64url: a character was changed or lost".into()));
        };
        if secret.len() < LEAST_BYTES {
            return Err(too_short(secret.len()));
        }
        if crc32fast::hash(&secret).to_be_bytes() != checksum[..] {
            return Err(KeyError("the key's checksum does not match: a character was changed".into()));
        }
        Self::checked(secret)
    }

    /// A key made of at least 32 random bytes of your own. Decode hex or base64 first: the text has fewer bits than letters.
    ///
    /// # Errors
    ///
    /// If the bytes are too few, or not random: repeated, a placeholder, an example.
    pub fn from_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        Self::checked(Zeroizing::new(secret.to_vec()))
    }

    fn checked(secret: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if secret.len() < LEAST_BYTES {
            return Err(too_short(secret.len()));
        }
        let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
        if distinct < LEAST_DISTINCT {
            return Err(KeyError(format!(
                "the key is not random: {distinct} different bytes in {}; if it is hex or base64, decode it first",
                secret.len()
            )));
        }
        if is_placeholder(&secret) {
            return Err(KeyError(
                "the key is an example or a placeholder, which others know too: make one with `SecretKey::generate()`"
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

    /// The key as text, for the secret store of your deployment.
    pub fn to_text(&self) -> Secret<String> {
        let secret = &self.0.secret;
        let checksum = crc32fast::hash(secret).to_be_bytes();
        let encoded = Zeroizing::new(BASE64URL.encode(&**secret));
        Secret::new(format!("{PREFIX}{}_{}", *encoded, BASE64URL.encode(checksum)))
    }

    /// What names it.
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

/// The key that seals, and up to four others that open.
///
/// Its keys have no order but this: one is primary. What the others have sealed is still opened, and sealed anew with the primary
/// key when it is used. So a key is replaced in three steps, and nobody is logged out: see [`accepting`](Self::accepting).
///
/// ```
/// use session::{KeyRing, SecretKey};
///
/// let (new, old) = (SecretKey::generate()?, SecretKey::generate()?);
/// let ring = KeyRing::new(new.clone()).accepting(old)?;
/// assert_eq!(ring.primary(), new.id());
///
/// // In an environment variable or a file: the primary key first, then the others, with space or commas between.
/// let text = format!("{}\n{}\n", new.to_text().expose(), SecretKey::generate()?.to_text().expose());
/// assert_eq!(KeyRing::parse(&text)?.primary(), new.id());
/// # Ok::<(), session::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    primary: SecretKey,
    others: Vec<SecretKey>,
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(primary: SecretKey) -> Self {
        Self { primary, others: Vec::new() }
    }

    /// Opens what `key` has sealed, and seals nothing with it.
    ///
    /// To replace a key: accept the new one in every process; when all do, make it primary and accept the old one; when the longest
    /// session under the old one has ended, drop it. A key that has leaked is dropped at once, and its sessions end.
    ///
    /// # Errors
    ///
    /// If the ring has this key, or four others.
    pub fn accepting(mut self, key: SecretKey) -> Result<Self, KeyError> {
        let id = key.id();
        if self.keys().any(|known| known.id() == id) {
            return Err(KeyError(format!("the key {id} is in the ring twice: remove one")));
        }
        if self.others.len() == MOST_OTHERS {
            return Err(KeyError(format!(
                "more than {MOST_OTHERS} keys beside the primary one: remove those whose sessions have ended"
            )));
        }
        self.others.push(key);
        Ok(self)
    }

    /// The ring without the key `id`: what it has sealed is refused from now on.
    ///
    /// # Errors
    ///
    /// If that is the primary key: make another one primary first.
    pub fn revoking(mut self, id: KeyId) -> Result<Self, KeyError> {
        if self.primary() == id {
            return Err(KeyError(format!("the key {id} is revoked and primary: make another one primary first")));
        }
        self.others.retain(|key| key.id() != id);
        Ok(self)
    }

    /// Reads keys with space, line ends or commas between them. The first one is primary; a line that begins with `#` is a remark.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of them, by its place in the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let words = lines.flat_map(|line| line.split([' ', '\t', ','])).map(str::trim).filter(|word| !word.is_empty());
        let mut complaints = Vec::new();
        let mut ring: Option<Self> = None;
        for (index, word) in words.enumerate() {
            let added = SecretKey::parse(word).and_then(|key| match ring.clone() {
                None => Ok(Self::new(key)),
                Some(ring) => ring.accepting(key),
            });
            match added {
                Ok(added) => ring = Some(added),
                Err(error) => complaints.push(format!("key {}: {error}", index + 1)),
            }
        }
        match ring {
            Some(ring) if complaints.is_empty() => Ok(ring),
            None if complaints.is_empty() => {
                Err(KeyError("there is no key: make one with `SecretKey::generate()` and `to_text()`".into()))
            },
            _ => Err(KeyError(complaints.join("; "))),
        }
    }

    /// Reads the environment variable `name`; see [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// If it is not set, and those of [`parse`](Self::parse).
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        let place = |what: &dyn fmt::Display| KeyError(format!("environment variable `{name}`: {what}"));
        let text = match std::env::var(name) {
            Ok(text) => Zeroizing::new(text),
            Err(std::env::VarError::NotPresent) => {
                return Err(place(&"not set: make a key with `SecretKey::generate()` and `to_text()`"));
            },
            Err(std::env::VarError::NotUnicode(_)) => return Err(place(&"not text")),
        };
        Self::parse(&text).map_err(|error| place(&error))
    }

    /// Reads the file at `path`; see [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// If it cannot be read, and those of [`parse`](Self::parse).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let place = |what: &dyn fmt::Display| KeyError(format!("key file {}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| place(&error))?;
        Self::parse(&text).map_err(|error| place(&error))
    }

    /// The key that seals.
    pub fn primary(&self) -> KeyId {
        self.primary.id()
    }

    /// The primary key, and the others.
    pub(crate) fn split(&self) -> (&SecretKey, &[SecretKey]) {
        (&self.primary, &self.others)
    }

    fn keys(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.primary).chain(&self.others)
    }
}

/// A key, or a ring of them, cannot be used. Never quotes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

fn too_short(bytes: usize) -> KeyError {
    KeyError(format!("the key has {bytes} bytes, and at least {LEAST_BYTES} are needed"))
}

/// What templates and manuals have in place of a key, and what people type who are in a hurry.
fn is_placeholder(secret: &[u8]) -> bool {
    const WORDS: [&str; 8] = ["change", "secret", "insecure", "password", "example", "replace", "your_", "your-"];
    // Counting up or down: the vectors of every standard.
    let step = |by: u8| secret.iter().zip(secret.iter().skip(1)).all(|(one, next)| one.wrapping_add(by) == *next);
    let text = str::from_utf8(secret).map(str::to_ascii_lowercase).map(Zeroizing::new);
    step(1) || step(u8::MAX) || text.is_ok_and(|text| WORDS.iter().any(|word| text.contains(word)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The key of the vectors, which nobody else may use.
    pub(crate) fn counting() -> SecretKey {
        SecretKey::derived(Zeroizing::new((0..32).collect())).unwrap()
    }

    pub(crate) fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// Computed by another implementation (Python's `hmac`); whatever was sealed with them must open for ever.
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
    fn no_key_prints_itself() {
        let ring = KeyRing::new(counting()).accepting(SecretKey::generate().unwrap()).unwrap();
        let shown = format!("{ring:?} {:?} {:?}", counting(), counting().to_text());
        assert!(shown.contains("a91ff285") && !shown.contains("tsk1_") && shown.len() < 150, "{shown}");
    }
}
