//! [`Tracked`]: a working copy of a session's fields that knows which of them changed.
//!
//! Accessors mark the field they hand out; a mutable dereference marks all of them. A mark stores the field's
//! fingerprint, and the end of the request encodes the fields whose fingerprint differs. So touching a field without
//! changing it writes nothing, and there is no flag to forget.

use std::error::Error as _;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::base::error::Error;
use crate::data::schema::field::FieldDescriptor;
use crate::data::schema::reader::{FieldError, SectionReader};
use crate::data::schema::{Key, SchemaData};
use crate::engine::request::{RequestSession, Snapshot};

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
    pub(super) value: S,
    /// One bit for each field that may have changed.
    pub(super) marked: u128,
    /// The fingerprints of marked fields from before the mark, by index.
    pub(super) before: Vec<Option<u128>>,
    /// One bit for each field that was reset to its default. It is stored by removing its key.
    pub(super) reset: u128,
    /// What `value` was made from.
    pub(super) base: Snapshot,
    pub(super) problems: Vec<FieldError>,
    pub(super) request: Arc<RequestSession>,
}

impl<S: SchemaData> Tracked<S> {
    pub(crate) fn new(request: Arc<RequestSession>) -> Result<Self, Error> {
        let base = request.snapshot()?;
        if request.has_unsaved() {
            tracing::warn!(
                session = S::SECTION.name,
                "a second handle of a session is made while the first one has changes that the second one does not \
                 see: call `session.apply()` on the first one before, or drop it"
            );
        }
        let (value, problems) = SectionReader::load::<S>(base.payload.section(S::SECTION.name))?;
        if !problems.is_empty()
            && let Some(left_out) = request.engine.warnings.unreadable_fields.admit()
        {
            for problem in &problems {
                let (session, field, cause) = (S::SECTION.name, problem.field(), problem.error().source());
                tracing::warn!(session, field, ?cause, left_out, "a stored field reads as its default: {problem}");
            }
        }
        Ok(Self { value, marked: 0, before: Vec::new(), reset: 0, base, problems, request })
    }

    /// An empty session in place of a stored one that this release cannot read, or the session itself if it can.
    pub(crate) fn start_over(request: &Arc<RequestSession>) -> Result<Self, Error> {
        match Self::new(Arc::clone(request)) {
            Ok(session) => Ok(session),
            Err(refusal) => {
                request.start_over(refusal)?;
                Self::new(Arc::clone(request))
            },
        }
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
            match (field.reset)(Self::field_mut(self, key.index)) {
                Ok(()) => self.reset |= 1 << (key.index & 127),
                Err(error) => self.request.fail(error),
            }
        }
    }

    /// Stores the fingerprints of the fields of `bits`, unless they are marked already.
    fn mark(&mut self, bits: u128) {
        if self.marked & bits == bits {
            return;
        }
        if self.marked == 0 {
            self.request.note_unsaved(true);
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

    /// Takes all marks back.
    pub(super) fn unmark(&mut self) {
        if self.marked != 0 {
            self.request.note_unsaved(false);
        }
        (self.marked, self.reset) = (0, 0);
    }

    /// Whether this handle has unsaved changes.
    pub(super) fn is_changed(&self) -> bool {
        S::FIELDS.iter().enumerate().any(|(index, field)| self.may_differ(index, field))
    }

    /// Whether the field is marked and its content is not certainly the same as before.
    pub(super) fn may_differ(&self, index: usize, field: &FieldDescriptor<S>) -> bool {
        let bit = 1 << (index & 127);
        if self.marked & bit == 0 {
            return false;
        }
        let before = self.before.get(index).copied().flatten();
        self.reset & bit != 0 || before.is_none() || before != (field.fingerprint)(&self.value)
    }
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
