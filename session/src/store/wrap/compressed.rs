//! [`Compressed`]: any store, with smaller records.
//!
//! ```text
//! payload  one section `_compressed`, codec 0, with one field `zstd`: the true payload as one zstd frame
//! ```

use std::borrow::Cow;

use crate::clock::Timestamp;
use crate::error::Corrupt;
use crate::payload::{Edit, Payload};
use crate::store::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex, UserKey,
};
use crate::token::SessionId;

/// No session type can have this name.
const SECTION: &str = "_compressed";
const FIELD: &str = "zstd";
/// Shorter payloads gain nothing.
const WORTHWHILE: usize = 256;
/// What a few bytes may expand to, whoever has written them.
const LONGEST: usize = 16 << 20;

/// Compresses what a store keeps, with zstd. Payloads below 256 bytes, and those that would not become shorter, stay as they are.
///
/// Records from before there was compression are read as well, so it can be turned on while sessions live. To turn it off, write with
/// [`expanding`](Self::expanding) until the longest of them has ended.
///
/// ```
/// use session::MemoryStore;
/// use session::store::Compressed;
///
/// let store = Compressed::new(MemoryStore::new())?;
/// # Ok::<(), session::store::StoreError>(())
/// ```
///
/// # With encryption
///
/// The length of what is compressed tells what is in it: whoever can put text of their own beside a secret, and sees how long the
/// result is, guesses the secret character by character. The attacks CRIME and BREACH did so to cookies and pages. A store that
/// encrypts is therefore refused; [`dangerous_before_encryption`](Self::dangerous_before_encryption) takes it.
#[derive(Clone, Debug)]
pub struct Compressed<S> {
    inner: S,
    level: i32,
    expanding: bool,
}

impl<S: Store> Compressed<S> {
    /// Compresses what `inner` keeps.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] if `inner` [encrypts](Store::encrypts).
    pub fn new(inner: S) -> Result<Self, StoreError> {
        if inner.encrypts() {
            let what = "compressing what is then encrypted lets its length tell what it is; leave out `Compressed`, or say \
                        `dangerous_before_encryption` if no visitor's text is stored beside a secret";
            return Err(StoreError::Misconfigured(what.into()));
        }
        Ok(Self::dangerous_before_encryption(inner))
    }

    /// As [`new`](Self::new), whether or not `inner` encrypts. Only for sessions in which nothing secret lies beside anything that a
    /// visitor, or a link that a visitor follows, can write.
    pub fn dangerous_before_encryption(inner: S) -> Self {
        Self { inner, level: zstd::DEFAULT_COMPRESSION_LEVEL, expanding: false }
    }

    /// How hard to try: 1 is fast, 19 is small. Default: 3.
    #[must_use]
    pub fn level(mut self, level: i32) -> Self {
        self.level = level.clamp(1, 19);
        self
    }

    /// Reads what was compressed, and compresses nothing.
    #[must_use]
    pub fn expanding(mut self) -> Self {
        self.expanding = true;
        self
    }

    fn packed<'a>(&self, record: &'a Record) -> Cow<'a, Record> {
        let plain = record.payload.as_bytes();
        if self.expanding || plain.len() < WORTHWHILE || plain.len() > LONGEST {
            return Cow::Borrowed(record);
        }
        // It fails for want of memory only; then the record is merely longer.
        let packed = zstd::bulk::compress(plain, self.level).unwrap_or_default();
        let edit = Edit { section: SECTION, version: 1, codec: 0, key: FIELD, value: Some(&packed) };
        let payload = Payload::default().edited([edit]).unwrap_or_default();
        if packed.is_empty() || payload.as_bytes().len() >= plain.len() {
            return Cow::Borrowed(record);
        }
        Cow::Owned(Record { payload, ..record.clone() })
    }
}

fn unpacked(mut record: Record) -> Result<Record, StoreError> {
    if let Some(section) = record.payload.section(SECTION) {
        let packed = section.get(FIELD).unwrap_or_default();
        let plain = zstd::bulk::decompress(packed, LONGEST)
            .map_err(|_| Corrupt::new("it is compressed, and cannot be expanded"))?;
        record.payload = Payload::parse(plain.into())?;
    }
    Ok(record)
}

impl<S: Store> Store for Compressed<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.inner.create(id, &self.packed(record), now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.inner.load(id, now).await?.map(unpacked).transpose()
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let record = self.packed(commit.record);
        let commit = Commit::new(commit.epoch, commit.revision, commit.op, &record);
        match self.inner.commit(id, commit, now).await? {
            Committed::Conflict(fresh) => Ok(Committed::Conflict(Box::new(unpacked(*fresh)?))),
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

    fn users(&self) -> Option<&dyn UserIndex> {
        self.inner.users().map(|_| self as &dyn UserIndex)
    }

    fn encrypts(&self) -> bool {
        self.inner.encrypts()
    }
}

impl<S: Store> UserIndex for Compressed<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let Some(users) = self.inner.users() else {
                return Err(super::no_index());
            };
            let found = users.list_user(user, limit, now).await?;
            found.into_iter().map(|(id, record)| Ok((id, unpacked(record)?))).collect()
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
            None => Box::pin(async { Err(super::no_index()) }),
        }
    }
}
