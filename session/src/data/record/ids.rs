//! The ids in a record: [`OpId`] of a commit and [`UserKey`] of a user.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::base::error::{Error, ErrorKind};

/// The id of a commit, which makes a retry idempotent.
///
/// It consists of two random numbers, one of the process and one of the commit. A record holds the last commit of each
/// of the last eight processes that wrote it. A store therefore recognises the retry of a commit that it has applied,
/// even after commits of other processes. The number of the commit is random, so that two copies of one process image
/// do not take each other's commits for their own.
///
/// ```
/// use session::store::OpId;
///
/// assert_eq!(OpId::default().to_bytes(), [0; 8]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpId {
    pub(crate) process: u32,
    pub(crate) sequence: u32,
}

impl OpId {
    /// The eight bytes of the id in the header of a record. Those of a commit are never all zero.
    ///
    /// ```
    /// # use session::store::OpId;
    /// assert_eq!(OpId::default().to_bytes().len(), 8);
    /// ```
    pub fn to_bytes(self) -> [u8; 8] {
        ((u64::from(self.process) << 32) | u64::from(self.sequence)).to_be_bytes()
    }
}

/// The key of a user in the user index: the session type, the app's audience if it has one, and the value of the `user`
/// field as JSON, such as `shop:7` or `shop@eu:7`. The first releases stored the JSON alone. `Debug` does not show it.
///
/// ```
/// use std::collections::HashMap;
///
/// use session::SessionId;
/// use session::store::{Record, UserKey};
///
/// /// A user index: the sessions of each user.
/// fn index(sessions: &[(SessionId, Record)]) -> HashMap<UserKey, Vec<SessionId>> {
///     let mut index: HashMap<UserKey, Vec<SessionId>> = HashMap::new();
///     for (id, record) in sessions {
///         if let Some(user) = record.user() {
///             index.entry(user.clone()).or_default().push(*id);
///         }
///     }
///     index
/// }
/// assert!(index(&[]).is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserKey(pub(crate) Bytes);

/// The user that a session belongs to, if any, as JSON. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity(pub(crate) Option<Bytes>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Identity(…)" } else { "Identity(none)" })
    }
}

impl UserKey {
    /// The key for the user whose JSON is `json`, in the session type `section` of the app `app`.
    pub(crate) fn new(section: &str, app: &str, json: &[u8]) -> Result<Self, Error> {
        let mut key = Vec::with_capacity(section.len() + app.len() + json.len() + 2);
        key.extend_from_slice(section.as_bytes());
        if !app.is_empty() {
            key.push(b'@');
            key.extend_from_slice(app.as_bytes());
        }
        key.push(b':');
        key.extend_from_slice(json);
        match u16::try_from(key.len()) {
            Ok(_) => Ok(Self(Bytes::from(key))),
            Err(_) => {
                let len = key.len();
                let message = format!(
                    "session `{section}`: the key of the user has {len} bytes, and a record has room for 65,535"
                );
                Err(Error::new(ErrorKind::TooLarge, message))
            },
        }
    }

    /// Whether this is [`new`](Self::new) of these parts.
    pub(crate) fn is_for(&self, section: &str, app: &str, json: &[u8]) -> bool {
        let rest = self.0.strip_prefix(section.as_bytes()).and_then(|rest| match app.is_empty() {
            true => Some(rest),
            false => rest.strip_prefix(b"@")?.strip_prefix(app.as_bytes()),
        });
        rest.and_then(|rest| rest.strip_prefix(b":")) == Some(json)
    }

    /// The bytes of the key, at most 65,535.
    ///
    /// ```
    /// # use session::store::UserKey;
    /// fn has_room(user: &UserKey) -> bool {
    ///     user.as_bytes().len() <= 255
    /// }
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The SHA-256 hash of the key, for an index that cannot hold keys of that length.
    ///
    /// ```
    /// # use session::store::{Record, UserKey};
    /// fn index_key(record: &Record) -> Option<[u8; 32]> {
    ///     record.user().map(UserKey::digest)
    /// }
    /// ```
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(…)")
    }
}
