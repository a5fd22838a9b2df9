//! [`Encrypted`]: any store, with what sessions remember encrypted before the store sees it.
//!
//! ```text
//! payload  one section `_encrypted`, codec 0, with one field `sealed`: the true payload, sealed as `seal.rs` has it
//! bound to id[16] ‖ epoch u64 ‖ revision u64 ‖ verifier[32] ‖ previous verifier[32] ‖ user key
//! ```
//!
//! So whoever can write to the store can take records away, or put back an older one whole, and nothing else: no payload under another
//! id, no verifier of their own on somebody's session, no other user. Deadlines are not bound: a server keeps them by its own clock.

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
/// No session type can have this name.
const SECTION: &str = "_encrypted";
const FIELD: &str = "sealed";

/// Encrypts what a store keeps: whoever reads the store learns who is logged in, when, and how much a session remembers, and not what.
///
/// Records are sealed with XChaCha20-Poly1305 and bound to their session. A record under an older key of the ring is read, and sealed
/// with the primary key when it is next written. The user key stays readable, because stores find sessions by it.
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
/// // In earnest: `KeyRing::from_env("SESSION_KEYS")?`.
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
    /// Encrypts what `inner` keeps.
    #[expect(clippy::needless_pass_by_value, reason = "as `SealedCookie::new` has it")]
    pub fn new(inner: S, keys: KeyRing) -> Self {
        let sealer = Sealer::encrypting(&keys, Purpose::AtRest, LABEL, &[]);
        Self { inner, sealer, reads_plain: false }
    }

    /// Reads records from before there was encryption too, and encrypts them when they are next written. For a store with live
    /// sessions, until the longest of them has ended: as long, whoever can write to the store can forge records.
    #[must_use]
    pub fn reading_plain(mut self) -> Self {
        self.reads_plain = true;
        self
    }

    fn outgoing(&self, id: SessionId, record: &Record) -> Result<Cow<'static, Record>, StoreError> {
        let plain = record.payload.as_bytes();
        let sealed = self.sealer.seal(&SystemRng, &bound(id, record), plain.len(), |out| out.extend_from_slice(plain));
        let sealed = sealed.map_err(StoreError::unavailable)?;
        Ok(Cow::Owned(Record { payload: wrapped(&sealed), ..record.clone() }))
    }

    fn incoming(&self, id: SessionId, mut record: Record) -> Result<Record, StoreError> {
        let Some(section) = record.payload.section(SECTION) else {
            if self.reads_plain {
                return Ok(record);
            }
            let reason =
                "the record is not encrypted; if it is from before there was encryption, use `reading_plain()`";
            return Err(Corrupt::new(reason).into());
        };
        let sealed = section.get(FIELD).unwrap_or_default();
        if record.payload != wrapped(sealed) {
            return Err(Corrupt::new("the record is encrypted, and something has been added to it").into());
        }
        let plain = self.sealer.open(sealed.to_vec(), &bound(id, &record)).map_err(|rejected| {
            Corrupt::new(match rejected {
                Rejected::Key => "the record is encrypted with a key that the ring does not have",
                _ => "the record is encrypted, and it has been altered or belongs to another session",
            })
        })?;
        record.payload = Payload::parse(plain.bytes)?;
        Ok(record)
    }

    #[expect(clippy::unused_self, reason = "as the other wrappers have it")]
    fn hides(&self) -> bool {
        true
    }
}

/// As a payload that any store takes.
fn wrapped(sealed: &[u8]) -> Payload {
    let edit = Edit { section: SECTION, version: 1, codec: 0, key: FIELD, value: Some(sealed) };
    Payload::default().edited([edit]).unwrap_or_default()
}

/// What a payload belongs to.
fn bound(id: SessionId, record: &Record) -> Vec<u8> {
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
