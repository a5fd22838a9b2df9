//! [`Encrypted`]: any store, with payloads encrypted before the store gets them.
//!
//! ```text
//! payload         one section `_encrypted`, codec 0, with one field `sealed`: the original payload,
//!                 sealed as in `crypto/seal.rs`
//! associated data id[16] ‖ epoch u64 ‖ revision u64 ‖ verifier[32] ‖ previous verifier[32] ‖ user key
//! ```
//!
//! An attacker who can write to the store can remove records and restore an older record as a whole, but nothing else:
//! the associated data prevents moving a payload to another id, and putting another verifier or user on a session.
//! Deadlines are not part of it, because a server keeps them by its own clock.

use std::borrow::Cow;
use std::fmt;

use super::rewriting::rewriting_store;
use crate::base::clock::{SystemRng, Timestamp};
use crate::base::error::Corrupt;
use crate::crypto::keys::{KeyRing, Purpose};
use crate::crypto::seal::{Rejected, Sealer};
use crate::data::payload::{Edit, Payload};
use crate::data::token::SessionId;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

const LABEL: &[u8] = b"typed-session/v1/store";
/// No session type can have this name, because of the underscore.
const SECTION: &str = "_encrypted";
const FIELD: &str = "sealed";

/// Encrypts payloads before the wrapped store gets them. A reader of the store learns which users are logged in, when,
/// and how long a session's content is, but not the content.
///
/// Payloads are sealed with XChaCha20-Poly1305 and bound to their session. A record that is sealed with an older key of
/// the ring is read, and is sealed with the primary key at its next write. The user key stays readable, because stores
/// find sessions by it.
///
/// ```
/// use session::store::Encrypted;
/// use session::{KeyRing, MemoryStore, SecretKey, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// // In production: `KeyRing::from_env("SESSION_KEYS")?`.
/// let keys = KeyRing::new(SecretKey::generate()?);
/// let store = Encrypted::new(MemoryStore::new(), keys);
/// let sessions = Sessions::<Shop>::builder().store(store).build()?;
/// # Ok::<(), session::BoxError>(())
/// ```
pub struct Encrypted<S> {
    inner: S,
    sealer: Sealer,
    reads_plain: bool,
}

impl<S: Store> Encrypted<S> {
    /// Encrypts the payloads of `inner` with the primary key of `keys`. Records that are not encrypted are
    /// [`Corrupt`](StoreError::Corrupt), unless you use [`reading_plain`](Self::reading_plain).
    #[expect(clippy::needless_pass_by_value, reason = "the same signature as `SealedCookie::new`")]
    pub fn new(inner: S, keys: KeyRing) -> Self {
        let sealer = Sealer::encrypting(&keys, Purpose::AtRest, LABEL, &[]);
        Self { inner, sealer, reads_plain: false }
    }

    /// Reads records that are not encrypted too, and encrypts them at their next write: for a store that has live
    /// sessions when you turn encryption on. Remove it when the last of those sessions has ended, because until then a
    /// writer of the store can forge records.
    ///
    /// ```
    /// # use session::{KeyRing, MemoryStore, SecretKey, store::Encrypted};
    /// # let keys = KeyRing::new(SecretKey::generate()?);
    /// let store = Encrypted::new(MemoryStore::new(), keys).reading_plain();
    /// # Ok::<(), session::BoxError>(())
    /// ```
    #[must_use]
    pub fn reading_plain(mut self) -> Self {
        self.reads_plain = true;
        self
    }

    fn outgoing(&self, id: SessionId, record: &Record) -> Result<Cow<'static, Record>, StoreError> {
        let plain = record.payload.as_bytes();
        let sealed =
            self.sealer.seal(&SystemRng, &associated_data(id, record), plain.len(), |out| out.extend_from_slice(plain));
        let sealed = sealed.map_err(StoreError::unavailable)?;
        Ok(Cow::Owned(Record { payload: as_payload(&sealed), ..record.clone() }))
    }

    fn incoming(&self, id: SessionId, mut record: Record) -> Result<Record, StoreError> {
        let Some(section) = record.payload.section(SECTION) else {
            if self.reads_plain {
                return Ok(record);
            }
            let reason =
                "the record is not encrypted; if it is older than the encryption, use `Encrypted::reading_plain()`";
            return Err(Corrupt::new(reason).into());
        };
        let sealed = section.get(FIELD).unwrap_or_default();
        if record.payload != as_payload(sealed) {
            return Err(
                Corrupt::new("the record is encrypted, and its payload has something besides the sealed part").into()
            );
        }
        let plain = self.sealer.open(sealed.to_vec(), &associated_data(id, &record)).map_err(|rejected| {
            Corrupt::new(match rejected {
                Rejected::Key => "the record is encrypted with a key that is not in the key ring",
                _ => "the record is encrypted, and was altered or belongs to another session",
            })
        })?;
        record.payload = Payload::parse(plain.bytes)?;
        Ok(record)
    }

    #[expect(clippy::unused_self, reason = "the signature that `rewriting_store` calls")]
    fn payload_is_encrypted(&self) -> bool {
        true
    }
}

/// A payload that holds only `sealed`.
fn as_payload(sealed: &[u8]) -> Payload {
    let edit = Edit { section: SECTION, version: 1, codec: 0, key: FIELD, value: Some(sealed) };
    Payload::default().edited([edit]).unwrap_or_default()
}

/// Binds a sealed payload to its session.
fn associated_data(id: SessionId, record: &Record) -> Vec<u8> {
    let user = record.user().map_or(&[][..], UserKey::as_bytes);
    let mut out = Vec::with_capacity(16 + 8 + 8 + 32 + 32 + user.len());
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(&record.epoch.to_be_bytes());
    out.extend_from_slice(&record.revision.to_be_bytes());
    out.extend_from_slice(record.verifier.as_bytes());
    out.extend_from_slice(record.previous.as_ref().map_or(&[0; 32], |(previous, _)| previous.as_bytes()));
    out.extend_from_slice(user);
    out
}

rewriting_store!(Encrypted);

impl<S: fmt::Debug> fmt::Debug for Encrypted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted")
            .field("inner", &self.inner)
            .field("reads_plain", &self.reads_plain)
            .finish_non_exhaustive()
    }
}
