//! [`Compressed`]: any store, with compressed payloads.
//!
//! ```text
//! payload  one section `_compressed`, codec 0, with one field `zstd`: the original payload as one zstd frame
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

/// No session type can have this name, because of the underscore.
const SECTION: &str = "_compressed";
const FIELD: &str = "zstd";
/// Shorter payloads are not worth compressing.
const MIN_LENGTH: usize = 256;
/// The largest payload to compress, and to expand to: a limit for forged frames that expand to gigabytes.
const MAX_LENGTH: usize = 16 << 20;

/// Compresses payloads with zstd before the wrapped store gets them. A payload below 256 bytes, above 16 MiB, or one
/// that would not become shorter, is stored as it is.
///
/// Records that are not compressed are read too, so you can turn compression on while sessions live. To turn it off,
/// deploy [`expanding`](Self::expanding) first, and keep it until the last compressed session has ended.
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
/// The length of compressed text depends on its content. An attacker who can put text beside a secret, and sees the
/// length of the result, can guess the secret character by character: the attacks CRIME (2012) and BREACH (2013) did
/// this to cookies and pages. Encryption does not hide the length. So a store that encrypts is refused, unless you use
/// [`dangerous_before_encryption`](Self::dangerous_before_encryption).
#[derive(Clone, Debug)]
pub struct Compressed<S> {
    inner: S,
    level: i32,
    expanding: bool,
}

impl<S: Store> Compressed<S> {
    /// Compresses the payloads of `inner`, at level 3.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] if `inner` [encrypts](Store::encrypts).
    pub fn new(inner: S) -> Result<Self, StoreError> {
        if inner.encrypts() {
            let what = "Compressed: the length of compressed text tells something about a secret, even after \
                        encryption; leave out `Compressed`, or use `Compressed::dangerous_before_encryption` if no \
                        session has a visitor's text beside a secret";
            return Err(StoreError::Misconfigured(what.into()));
        }
        Ok(Self::dangerous_before_encryption(inner))
    }

    /// As [`new`](Self::new), whether or not `inner` encrypts. Use it only if no session contains both a secret and
    /// text that a visitor, or a link that a visitor follows, can determine.
    ///
    /// ```
    /// # use session::{MemoryStore, store::Compressed};
    /// let store = Compressed::dangerous_before_encryption(MemoryStore::new());
    /// ```
    pub fn dangerous_before_encryption(inner: S) -> Self {
        Self { inner, level: zstd::DEFAULT_COMPRESSION_LEVEL, expanding: false }
    }

    /// The zstd level, from 1 (fast) to 19 (small); other values are clamped. Default: 3.
    ///
    /// ```
    /// # use session::{MemoryStore, store::Compressed};
    /// let store = Compressed::new(MemoryStore::new())?.level(9);
    /// # Ok::<(), session::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn level(mut self, level: i32) -> Self {
        self.level = level.clamp(1, 19);
        self
    }

    /// Reads compressed records, and writes all records uncompressed: the step before you remove compression.
    ///
    /// ```
    /// # use session::{MemoryStore, store::Compressed};
    /// let store = Compressed::new(MemoryStore::new())?.expanding();
    /// # Ok::<(), session::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn expanding(mut self) -> Self {
        self.expanding = true;
        self
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature that `rewriting_store` calls")]
    fn outgoing<'a>(&self, _: SessionId, record: &'a Record) -> Result<Cow<'a, Record>, StoreError> {
        let plain = record.payload.as_bytes();
        if self.expanding || plain.len() < MIN_LENGTH || plain.len() > MAX_LENGTH {
            return Ok(Cow::Borrowed(record));
        }
        // It fails only if there is no memory; the record is then stored uncompressed.
        let packed = zstd::bulk::compress(plain, self.level).unwrap_or_default();
        let edit = Edit { section: SECTION, version: 1, codec: 0, key: FIELD, value: Some(&packed) };
        let payload = Payload::default().edited([edit]).unwrap_or_default();
        if packed.is_empty() || payload.as_bytes().len() >= plain.len() {
            return Ok(Cow::Borrowed(record));
        }
        Ok(Cow::Owned(Record { payload, ..record.clone() }))
    }

    #[expect(clippy::unused_self, reason = "the signature that `rewriting_store` calls")]
    fn incoming(&self, _: SessionId, mut record: Record) -> Result<Record, StoreError> {
        if let Some(section) = record.payload.section(SECTION) {
            let packed = section.get(FIELD).unwrap_or_default();
            let plain = zstd::bulk::decompress(packed, MAX_LENGTH)
                .map_err(|_| Corrupt::new("it is compressed, and the zstd frame is damaged or longer than 16 MiB"))?;
            record.payload = Payload::parse(plain.into())?;
        }
        Ok(record)
    }

    fn payload_is_encrypted(&self) -> bool {
        self.inner.encrypts()
    }
}

rewriting_store!(Compressed);
