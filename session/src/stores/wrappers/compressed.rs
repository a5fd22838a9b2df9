//! [`Compressed`]: any store, with smaller records.
//!
//! ```text
//! payload  one section `_compressed`, codec 0, with one field `zstd`: the true payload as one zstd frame
//! ```

use std::borrow::Cow;

use super::rewriting::rewriting_store;
use crate::base::clock::Timestamp;
use crate::base::error::Corrupt;
use crate::data::payload::{Edit, Payload};
use crate::data::token::SessionId;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

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

    #[expect(clippy::unnecessary_wraps, reason = "as the other wrappers have it")]
    fn outgoing<'a>(&self, _: SessionId, record: &'a Record) -> Result<Cow<'a, Record>, StoreError> {
        let plain = record.payload.as_bytes();
        if self.expanding || plain.len() < WORTHWHILE || plain.len() > LONGEST {
            return Ok(Cow::Borrowed(record));
        }
        // It fails for want of memory only; then the record is merely longer.
        let packed = zstd::bulk::compress(plain, self.level).unwrap_or_default();
        let edit = Edit { section: SECTION, version: 1, codec: 0, key: FIELD, value: Some(&packed) };
        let payload = Payload::default().edited([edit]).unwrap_or_default();
        if packed.is_empty() || payload.as_bytes().len() >= plain.len() {
            return Ok(Cow::Borrowed(record));
        }
        Ok(Cow::Owned(Record { payload, ..record.clone() }))
    }

    #[expect(clippy::unused_self, reason = "as the other wrappers have it")]
    fn incoming(&self, _: SessionId, mut record: Record) -> Result<Record, StoreError> {
        if let Some(section) = record.payload.section(SECTION) {
            let packed = section.get(FIELD).unwrap_or_default();
            let plain = zstd::bulk::decompress(packed, LONGEST)
                .map_err(|_| Corrupt::new("it is compressed, and cannot be expanded"))?;
            record.payload = Payload::parse(plain.into())?;
        }
        Ok(record)
    }

    fn hides(&self) -> bool {
        self.inner.encrypts()
    }
}

rewriting_store!(Compressed);
