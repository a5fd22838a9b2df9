//! [`Tracked`]: a working copy of a session's fields that knows which of them changed.
//!
//! Accessors mark the field they hand out; a mutable dereference marks all of them. A mark stores the field's
//! fingerprint, and the end of the request encodes the fields whose fingerprint differs. So touching a field without
//! changing it writes nothing, and there is no flag to forget.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bytes::Bytes;

use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::record::{Identity, UserKey};
use crate::data::schema::field::{FieldDescriptor, FieldVtable};
use crate::data::schema::reader::{FieldError, SectionReader};
use crate::data::schema::sections::{Reset, codec_or, none, survives};
use crate::data::schema::{Key, SchemaData};
use crate::engine::delta::Change;
use crate::engine::request::{RequestSession, Snapshot, TOO_LATE};
use crate::engine::run_to_completion::RunToCompletion;

/// The session of a request, with its fields as an `S`: every [`Session<S>`](tyalias@crate::Session) dereferences to
/// it.
///
/// It has the methods that all sessions have, and it dereferences to the struct. So a handler reads and changes fields
/// directly, and the struct's own methods work on a session:
///
/// ```
/// use session::Session;
///
/// #[derive(Session)]
/// struct Shop {
///     cart: Vec<String>,
/// }
///
/// impl Shop {
///     fn add(&mut self, item: &str) {
///         self.cart.push(item.to_owned());
///     }
/// }
///
/// async fn home(mut session: Session<Shop>) -> String {
///     session.add("tea");            // a method of `Shop`
///     session.cart.truncate(10);     // a field of `Shop`
///     format!("{:?}: {} items", session.id(), session.cart.len())
/// }
/// ```
///
/// Changes are stored at the end of the request, or by [`commit`](Self::commit). A field that was borrowed mutably and
/// is equal to what was loaded is not written.
///
/// A method of this type takes precedence over a method of the same name that the struct defines: call the struct's one
/// as `Shop::get(&session)`. Fields of such a name are possible, and the derive asks for another name for their
/// accessors.
///
/// The struct itself is reached by one borrow, for two fields at once, or by `**session`, to replace all of it:
///
/// ```
/// # use session::Session;
/// # #[derive(Session)]
/// # struct Shop { cart: Vec<String>, seen: Vec<String> }
/// async fn checkout(mut session: Session<Shop>) {
///     let shop: &mut Shop = &mut session;
///     shop.seen.append(&mut shop.cart);
///     **session = Shop { cart: Vec::new(), seen: Vec::new() };
/// }
/// ```
pub struct Tracked<S: SchemaData> {
    value: S,
    /// One bit for each field that may have changed.
    marked: u128,
    /// The fingerprints of marked fields from before the mark, by index.
    before: Vec<Option<u128>>,
    /// One bit for each field that was reset to its default. It is stored by removing its key.
    reset: u128,
    /// What `value` was made from.
    base: Snapshot,
    pub(super) problems: Vec<FieldError>,
    pub(super) request: Arc<RequestSession>,
}

impl<S: SchemaData> Tracked<S> {
    pub(crate) fn new(request: Arc<RequestSession>) -> Result<Self, Error> {
        let base = request.snapshot()?;
        let (value, problems) = SectionReader::load::<S>(base.payload.section(S::SECTION.name))?;
        for problem in &problems {
            tracing::warn!(
                session = S::SECTION.name,
                field = problem.field(),
                "a stored field reads as its default: {problem}"
            );
        }
        Ok(Self { value, marked: 0, before: Vec::new(), reset: 0, base, problems, request })
    }

    /// The fields, to change the one with this index.
    #[doc(hidden)]
    #[inline]
    pub fn field_mut(this: &mut Self, index: usize) -> &mut S {
        this.mark(1 << (index & 127));
        &mut this.value
    }

    /// The fields, to change one that is not stored.
    #[doc(hidden)]
    #[inline]
    pub fn unstored_mut(this: &mut Self) -> &mut S {
        &mut this.value
    }

    /// Makes the field of `key` its default.
    pub(super) fn reset_field<V>(&mut self, key: Key<S, V>) {
        if let Some(field) = S::FIELDS.get(key.index) {
            (field.reset)(Self::field_mut(self, key.index));
            self.reset |= 1 << (key.index & 127);
        }
    }

    /// Stores the fingerprints of the fields of `bits`, unless they are marked already.
    fn mark(&mut self, bits: u128) {
        if self.marked & bits == bits {
            return;
        }
        if self.marked == 0 && bits == u128::MAX {
            self.before = S::FIELDS.iter().map(|field| (field.fingerprint)(&self.value)).collect();
            self.marked = bits;
            return;
        }
        self.before.resize(S::FIELDS.len(), None);
        for (index, (field, before)) in S::FIELDS.iter().zip(&mut self.before).enumerate() {
            let bit = 1 << (index & 127);
            if bits & bit != 0 && self.marked & bit == 0 {
                *before = (field.fingerprint)(&self.value);
            }
        }
        self.marked |= bits;
    }

    /// Resets every field that does not survive, here and in the record.
    pub(super) fn reset_all(&mut self, reset: Reset) {
        let _ = self.flush_changes();
        self.request.reset(reset);
        for field in S::FIELDS {
            if !survives(reset, field.field) {
                (field.reset)(&mut self.value);
            }
        }
        match self.request.snapshot() {
            Ok(view) => self.base = view,
            Err(error) => self.request.fail(error),
        }
    }

    /// Discards all unsaved changes of this handle, including those of fields that are not stored.
    pub(super) fn discard(&mut self) {
        self.marked = 0;
    }

    /// Commits the changes. The fields keep their values: call [`reload`](Self::reload) to see what is stored.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        self.flush_changes()?;
        // The flushed changes belong to the request now, also if the commit fails: they must not be flushed again.
        self.base = self.request.snapshot()?;
        RunToCompletion::new(Box::pin(Arc::clone(&self.request).flush())).await
    }

    /// Moves the changes of this handle to the request. If the response has left already, this fails and logs an error:
    /// a handle that is dropped has no caller who could read the result.
    pub(crate) fn flush_changes(&mut self) -> Result<(), Error> {
        if self.marked == 0 {
            return Ok(());
        }
        let handed = self.changes().and_then(|changes| Ok((self.identity(&changes)?, changes)));
        (self.marked, self.reset) = (0, 0);
        let (user, changes) = match handed {
            Ok(handed) => handed,
            Err(error) => {
                self.request.fail(error);
                return Ok(());
            },
        };
        let fields = changes.len();
        if changes.is_empty() || self.request.merge(changes, user, &self.base) {
            return Ok(());
        }
        tracing::error!(session = S::SECTION.name, fields, "a change {TOO_LATE}");
        Err(too_late::<S>("a change"))
    }

    /// The key of the user index, if the `user` field is among `changes`.
    fn identity(&self, changes: &[Change]) -> Result<Option<Identity>, Error> {
        let Some(user) = S::USER.and_then(|index| S::FIELDS.get(index)) else { return Ok(None) };
        if !changes.iter().any(|change| std::ptr::eq(change.field, user.field)) {
            return Ok(None);
        }
        let mut now = Vec::new();
        // JSON, whatever the section's codec is: the user index compares these bytes between sessions.
        (user.encode)(&self.value, Codec::Json, &mut now)?;
        if now.len() > usize::from(u16::MAX) {
            let message = format!(
                "session `{}`: the user takes {} bytes, and a record has room for 65,535",
                S::SECTION.name,
                now.len()
            );
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Some(Identity((now != b"null").then(|| UserKey(Bytes::from(now))))))
    }

    /// Discards unsaved changes and reads the session anew.
    pub(super) fn refresh(&mut self) {
        self.discard();
        if let Err(error) = self.reload() {
            self.request.fail(error);
        }
    }

    /// Reads the session anew: what is stored, with the changes of other handles. No change may be unsaved.
    pub(crate) fn reload(&mut self) -> Result<(), Error> {
        let fresh = Self::new(Arc::clone(&self.request))?;
        *self = fresh;
        Ok(())
    }

    /// Whether this handle has unsaved changes.
    pub(super) fn is_changed(&self) -> bool {
        S::FIELDS.iter().enumerate().any(|(index, field)| self.may_differ(index, field))
    }

    /// Whether the field is marked and its content is not certainly the same as before.
    fn may_differ(&self, index: usize, field: &FieldDescriptor<S>) -> bool {
        let bit = 1 << (index & 127);
        if self.marked & bit == 0 {
            return false;
        }
        let before = self.before.get(index).copied().flatten();
        self.reset & bit != 0 || before.is_none() || before != (field.fingerprint)(&self.value)
    }

    /// Every marked field whose content differs from what was loaded.
    fn changes(&self) -> Result<Vec<Change>, Error> {
        // Most requests change one field.
        let mut changes = Vec::with_capacity(1);
        let section = self.base.payload.section(S::SECTION.name);
        let codec = codec_or::<S>(section.as_ref())?;
        for (index, field) in S::FIELDS.iter().enumerate() {
            let bit = 1 << (index & 127);
            if self.marked & bit == 0 {
                continue;
            }
            let before = self.before.get(index).copied().flatten();
            let after = (field.fingerprint)(&self.value);
            let was_reset = self.reset & bit != 0;
            if !was_reset && before.is_some() && before == after {
                continue;
            }
            let info = &field.field.info;
            let stored = section.as_ref().and_then(|section| section.get(info.key));
            // A handler has seen the default in place of an unreadable value, and has changed that.
            let base = stored.filter(|_| !self.problems.iter().any(|problem| problem.field() == info.name));
            let mut encoded = Vec::with_capacity(base.map_or(0, |base| base.len() + 8));
            (field.encode)(&self.value, codec, &mut encoded)?;
            if base == Some(&*encoded) {
                continue;
            }
            // With older keys, a missing key means the value of an older release, not the default.
            let by_absence = info.sources.is_empty() && (was_reset || after == none());
            let ours = match by_absence && is_default(field.field, codec, &encoded) {
                true => None,
                false => Some(Bytes::from(encoded)),
            };
            if ours.is_none() && stored.is_none() {
                continue;
            }
            changes.push(Change {
                section: S::SECTION.name,
                version: S::SECTION.version,
                field: field.field,
                codec,
                base: base.map(|base| self.base.payload.share(base)),
                ours,
            });
        }
        Ok(changes)
    }
}

#[cold]
pub(crate) fn too_late<S: SchemaData>(what: &str) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("session `{}`: {what} {TOO_LATE}", S::SECTION.name))
}

fn is_default(field: &FieldVtable, codec: Codec, encoded: &[u8]) -> bool {
    let mut default = Vec::new();
    (field.default)(codec, &mut default).is_ok() && default == encoded
}

impl<S: SchemaData> Deref for Tracked<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.value
    }
}

/// A mutable borrow of the struct can change every field, so it marks all of them.
impl<S: SchemaData> DerefMut for Tracked<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        self.mark(u128::MAX);
        &mut self.value
    }
}

impl<S: SchemaData> Drop for Tracked<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.request.note_panic();
        } else {
            let _ = self.flush_changes();
        }
    }
}
