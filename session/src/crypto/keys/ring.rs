//! [`KeyRing`]: the keys of a server.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::KeyError;
use super::secret_key::{KeyId, SecretKey};

/// The number of keys besides the primary one.
const MAX_OTHER_KEYS: usize = 4;

/// The primary key, which encrypts and signs, and up to four other keys, whose cookies and records are accepted too.
///
/// A cookie or a record of another key is written again with the primary key when it is used. A key can therefore be
/// replaced without ending a session: see [`accepting`](Self::accepting). The order of the other keys does not matter.
///
/// ```
/// use session::{KeyRing, SecretKey};
///
/// let (new, old) = (SecretKey::generate()?, SecretKey::generate()?);
/// let ring = KeyRing::new(new.clone()).accepting(old)?;
/// assert_eq!(ring.primary(), new.id());
///
/// // In an environment variable or a file: the primary key, then the others, separated by whitespace or commas.
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
    /// A ring with one key, the primary one.
    ///
    /// ```
    /// # use session::{KeyRing, SecretKey};
    /// let key = SecretKey::generate()?;
    /// assert_eq!(KeyRing::new(key.clone()).primary(), key.id());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn new(primary: SecretKey) -> Self {
        Self { primary, others: Vec::new() }
    }

    /// Adds a key whose cookies and records are accepted, but which encrypts and signs nothing.
    ///
    /// To replace a key without ending sessions:
    ///
    /// 1. Accept the new key in every process.
    /// 2. Make the new key primary and accept the old one in every process.
    /// 3. Remove the old key when the longest session from before step 2 has ended: after the absolute lifetime.
    ///
    /// Remove a leaked key at once. This ends its sessions.
    ///
    /// # Errors
    ///
    /// If the ring already contains the key, or four keys besides the primary one.
    ///
    /// ```
    /// # use session::{KeyRing, SecretKey};
    /// let (old, new) = (SecretKey::generate()?, SecretKey::generate()?);
    /// let step_1 = KeyRing::new(old.clone()).accepting(new.clone())?;
    /// let step_2 = KeyRing::new(new.clone()).accepting(old)?;
    /// let step_3 = KeyRing::new(new);
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn accepting(mut self, key: SecretKey) -> Result<Self, KeyError> {
        let id = key.id();
        if self.keys().any(|known| known.id() == id) {
            return Err(KeyError(format!("the key {id} is in the ring twice; remove one of them")));
        }
        if self.others.len() == MAX_OTHER_KEYS {
            return Err(KeyError(format!(
                "more than {MAX_OTHER_KEYS} keys besides the primary one; remove the keys whose sessions have ended"
            )));
        }
        self.others.push(key);
        Ok(self)
    }

    /// Removes the key `id`, if it is in the ring: its cookies and records are refused from now on.
    ///
    /// # Errors
    ///
    /// If `id` is the primary key. Make another one primary first.
    ///
    /// ```
    /// # use session::{KeyRing, SecretKey};
    /// let (leaked, new) = (SecretKey::generate()?, SecretKey::generate()?);
    /// let ring = KeyRing::new(new.clone()).accepting(leaked.clone())?;
    /// let ring = ring.revoking(leaked.id())?;
    /// assert!(ring.revoking(new.id()).is_err());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn revoking(mut self, id: KeyId) -> Result<Self, KeyError> {
        if self.primary() == id {
            return Err(KeyError(format!(
                "the key {id} is primary and cannot be revoked; make another one primary first"
            )));
        }
        self.others.retain(|key| key.id() != id);
        Ok(self)
    }

    /// Reads the texts of keys, separated by whitespace or commas. The first key is the primary one. A line that starts
    /// with `#` is a comment.
    ///
    /// # Errors
    ///
    /// If there is no key, a key cannot be [parsed](SecretKey::parse), a key occurs twice, or there are more than five.
    /// The error lists every mistake with the number of its key.
    ///
    /// ```
    /// # use session::{KeyRing, SecretKey};
    /// let (new, old) = (SecretKey::generate()?, SecretKey::generate()?);
    /// let text = format!("# rotated in May\n{},{}", new.to_text().expose(), old.to_text().expose());
    /// assert_eq!(KeyRing::parse(&text)?.primary(), new.id());
    /// assert!(KeyRing::parse("tsk1_ tsk2_").unwrap_err().to_string().contains("key 2: "));
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let is_between = |letter: char| letter.is_whitespace() || letter == ',';
        let words = lines.flat_map(|line| line.split(is_between)).filter(|word| !word.is_empty());
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
                Err(KeyError("there is no key; make one with `SecretKey::generate()` and `to_text()`".into()))
            },
            _ => Err(KeyError(complaints.join("; "))),
        }
    }

    /// Reads the keys in the environment variable `name`, as [`parse`](Self::parse) does.
    ///
    /// # Errors
    ///
    /// If the variable is not set or not Unicode, and those of [`parse`](Self::parse). The error names the variable.
    ///
    /// ```no_run
    /// # use session::KeyRing;
    /// let keys = KeyRing::from_env("SESSION_KEYS")?;
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        let place = |what: &dyn fmt::Display| KeyError(format!("environment variable `{name}`: {what}"));
        let text = match std::env::var(name) {
            Ok(text) => Zeroizing::new(text),
            Err(std::env::VarError::NotPresent) => {
                return Err(place(&"not set; make a key with `SecretKey::generate()` and `to_text()`"));
            },
            Err(std::env::VarError::NotUnicode(_)) => return Err(place(&"not Unicode text")),
        };
        Self::parse(&text).map_err(|error| place(&error))
    }

    /// Reads the keys in the file at `path`, as [`parse`](Self::parse) does. It blocks: call it at start-up.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and those of [`parse`](Self::parse). The error names the file.
    ///
    /// ```no_run
    /// # use session::KeyRing;
    /// let keys = KeyRing::from_file("/run/secrets/session_keys")?;
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let place = |what: &dyn fmt::Display| KeyError(format!("key file {}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| place(&error))?;
        Self::parse(&text).map_err(|error| place(&error))
    }

    /// The id of the key that encrypts and signs.
    ///
    /// ```
    /// # use session::{KeyRing, SecretKey};
    /// let key = SecretKey::generate()?;
    /// assert_eq!(KeyRing::new(key.clone()).primary(), key.id());
    /// # Ok::<(), session::KeyError>(())
    /// ```
    pub fn primary(&self) -> KeyId {
        self.primary.id()
    }

    /// The primary key and the other keys.
    pub(crate) fn split(&self) -> (&SecretKey, &[SecretKey]) {
        (&self.primary, &self.others)
    }

    fn keys(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.primary).chain(&self.others)
    }
}
