//! [`Encrypted`]: any store, with what sessions remember encrypted before the store sees it.
//!
//! ```text
//! payload  one section `_encrypted`, codec 0, with one field `sealed`: the true payload, sealed as `seal.rs` has it
//! bound to id[16] ‖ epoch u64 ‖ revision u64 ‖ verifier[32] ‖ previous verifier[32] ‖ user key
//! ```
//!
//! So whoever can write to the store can take records away, or put back an older one whole, and nothing else: no payload under another
//! id, no verifier of their own on somebody's session, no other user. Deadlines are not bound: a server keeps them by its own clock.

use std::fmt;

use super::{BoxFuture, Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex};
use crate::clock::{SystemRng, Timestamp};
use crate::error::Corrupt;
use crate::keys::{KeyRing, Purpose};
use crate::payload::{Edit, Payload};
use crate::record::UserKey;
use crate::seal::{Rejected, Sealer};
use crate::token::SessionId;

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

    fn sealed(&self, id: SessionId, record: &Record) -> Result<Record, StoreError> {
        let plain = record.payload.as_bytes();
        let sealed = self.sealer.seal(&SystemRng, &bound(id, record), plain.len(), |out| out.extend_from_slice(plain));
        let sealed = sealed.map_err(StoreError::unavailable)?;
        Ok(Record { payload: wrapped(&sealed), ..record.clone() })
    }

    fn opened(&self, id: SessionId, mut record: Record) -> Result<Record, StoreError> {
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

impl<S: Store> Store for Encrypted<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.inner.create(id, &self.sealed(id, record)?, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let found = self.inner.load(id, now).await?;
        found.map(|record| self.opened(id, record)).transpose()
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let record = self.sealed(id, commit.record)?;
        let commit = Commit::new(commit.epoch, commit.revision, commit.op, &record);
        match self.inner.commit(id, commit, now).await? {
            Committed::Conflict(fresh) => Ok(Committed::Conflict(Box::new(self.opened(id, *fresh)?))),
            outcome => Ok(outcome),
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.inner.touch(id, idle, now).await
    }

    async fn destroy(&self, id: SessionId) -> Result<Destroyed, StoreError> {
        self.inner.destroy(id).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.inner.sweep(limit, now).await
    }

    fn encrypts(&self) -> bool {
        true
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.inner.users().map(|_| self as &dyn UserIndex)
    }
}

impl<S: Store> UserIndex for Encrypted<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let Some(users) = self.inner.users() else { return Ok(Vec::new()) };
            let found = users.list_user(user, limit, now).await?;
            // One record that cannot be read must not hide the others.
            Ok(found.into_iter().filter_map(|(id, record)| Some((id, self.opened(id, record).ok()?))).collect())
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        match self.inner.users() {
            Some(users) => users.revoke_user(user, except, now),
            None => Box::pin(async { Ok(0) }),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Encrypted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted")
            .field("inner", &self.inner)
            .field("reads_plain", &self.reads_plain)
            .finish_non_exhaustive()
    }
}
