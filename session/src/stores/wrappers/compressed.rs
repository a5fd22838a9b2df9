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
/// The largest payload to expand to: a limit for forged frames that expand to gigabytes.
const MAX_LENGTH: usize = 16 << 20;

/// Compresses payloads with zstd before the wrapped store gets them. A payload below 256 bytes, or one that would not
/// become shorter, is stored as it is.
///
/// The limit of the wrapped store is for the compressed record, which can be a thousandth of what each request then
/// has in memory. So a payload has a limit of its own before it is compressed: [`max_bytes`](Self::max_bytes).
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
    max_bytes: usize,
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
        Self { inner, level: zstd::DEFAULT_COMPRESSION_LEVEL, max_bytes: 1 << 20, expanding: false }
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

    /// The largest payload to write, in bytes before compression, up to 16 MiB; larger values are clamped. Default:
    /// 1 MiB. A larger one is [`StoreError::TooLarge`]. Records up to 16 MiB are read, whatever the setting.
    ///
    /// ```
    /// # use session::{MemoryStore, store::Compressed};
    /// let store = Compressed::new(MemoryStore::new())?.max_bytes(256 * 1024);
    /// # Ok::<(), session::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes.min(MAX_LENGTH);
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

    fn outgoing<'a>(&self, _: SessionId, record: &'a Record) -> Result<Cow<'a, Record>, StoreError> {
        let plain = record.payload.as_bytes();
        if plain.len() > self.max_bytes {
            return Err(StoreError::TooLarge { size: plain.len(), limit: self.max_bytes });
        }
        if self.expanding || plain.len() < MIN_LENGTH {
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
            let plain = expand(packed)
                .ok_or_else(|| Corrupt::new("it is compressed, and the zstd frame is damaged or longer than 16 MiB"))?;
            record.payload = Payload::parse(plain.into())?;
        }
        Ok(record)
    }

    fn payload_is_encrypted(&self) -> bool {
        self.inner.encrypts()
    }
}

/// The content of a zstd frame. Memory is taken for the length that the frame states, not for the longest one.
fn expand(packed: &[u8]) -> Option<Vec<u8>> {
    let stated = zstd::zstd_safe::get_frame_content_size(packed).ok()?;
    let length = stated.map_or(Some(MAX_LENGTH), |stated| usize::try_from(stated).ok())?;
    if length > MAX_LENGTH {
        return None;
    }
    zstd::bulk::decompress(packed, length).ok()
}

rewriting_store!(Compressed);
