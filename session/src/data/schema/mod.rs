//! [`SchemaData`]: what `#[derive(Session)]` says about a struct, as tables of plain functions.
//!
//! The derive emits one zero-sized [`Field`](field::Field) for each stored field. Loops over the fields are in the
//! runtime, never in generated code.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::error::BoxError;
use crate::data::codec::Codec;
use crate::data::fingerprint::{fingerprint, same_content};
use crate::data::validation::Violations;

pub(crate) mod debug;
pub(crate) mod field;
pub(crate) mod info;
pub(crate) mod legacy;
pub(crate) mod lock_entry;
mod panics;
pub(crate) mod previous;
pub(crate) mod reader;
pub(crate) mod sections;

use self::field::{Field, FieldDescriptor};
use self::info::SectionInfo;
use self::lock_entry::Lock;
use self::previous::Previous;
use self::reader::SectionReader;

/// What `#[derive(Session)]` says about the stored form of a struct: the supertrait of [`Schema`](crate::Schema).
///
/// It is the bound where a session's handle does not matter. The derive implements it, and its items are for generated
/// code. `S: Schema` implies it, so generic code need not name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session type",
    label = "not a session type",
    note = "put `#[derive(session::Session)]` on `{Self}`; if `{Self}` is itself a session, name its struct"
)]
pub trait SchemaData: Sized + Send + Sync + 'static {
    /// What the struct's attributes say.
    #[doc(hidden)]
    const SECTION: SectionInfo;
    /// The stored fields, in the struct's order.
    #[doc(hidden)]
    const FIELDS: &'static [FieldDescriptor<Self>];
    /// The index of the `user` field in [`FIELDS`](Self::FIELDS).
    #[doc(hidden)]
    const USER: Option<usize> = None;
    /// How to read what the struct of the version before has stored, if the struct names it.
    #[doc(hidden)]
    const PREVIOUS: Option<Previous<Self>> = None;
    /// Whether [`validate`](Self::validate) has any rules.
    #[doc(hidden)]
    const VALIDATES: bool = false;
    /// Reads the struct. A field that is not stored has its default.
    #[doc(hidden)]
    fn load(stored: &mut SectionReader<'_>) -> Self;
    /// Adds each field to the output of `Debug`.
    #[doc(hidden)]
    fn debug(&self, out: &mut fmt::DebugStruct<'_, '_>);
    /// The rules that the struct breaks.
    ///
    /// # Errors
    ///
    /// All of them, if there are any.
    #[doc(hidden)]
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
    /// What the schema lock says about the struct. Generated in tests only.
    #[doc(hidden)]
    fn lock() -> Lock {
        Lock::default()
    }
}

/// The value of a field: any type that serde can serialize and deserialize.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a session",
    label = "this type, or a type inside it, lacks serde's `Serialize` or `Deserialize`, or is not owned, `Send` and \
        `Sync`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to your own type; for a type of another crate turn \
            on the `serde` feature of that crate",
    note = "a value that is needed during one request only can be `#[session(skip)]`"
)]
pub trait Storable: Sized {
    #[doc(hidden)]
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), BoxError>;
    #[doc(hidden)]
    fn fingerprint(&self) -> Option<u128>;
    #[doc(hidden)]
    fn same(&self, other: &Self) -> bool;
    #[doc(hidden)]
    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, BoxError>;
}
// Serde's traits are bounds of this implementation only. Otherwise the compiler would report serde's message, which
// does not know of sessions, in place of the one above.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Storable for T {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), BoxError> {
        codec.encode(self, out)
    }

    fn fingerprint(&self) -> Option<u128> {
        fingerprint(self)
    }

    fn same(&self, other: &Self) -> bool {
        same_content(self, other)
    }

    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, BoxError> {
        codec.decode(bytes)
    }
}

/// A type with a `Default`, for fields without `default = …`.
#[diagnostic::on_unimplemented(
    message = "a new session needs a value for this field, but `{Self}` has no `Default`",
    label = "has no `Default`",
    note = "add `#[session(default = expr)]`, make it `Option<{Self}>`, or implement `Default` for `{Self}`"
)]
pub trait FieldDefault {
    /// The default.
    fn field_default() -> Self;
}
impl<T: Default> FieldDefault for T {
    fn field_default() -> Self {
        T::default()
    }
}

/// A field of `S` as a value, like `Shop::VISITS`: for code that works with any session type or any field.
///
/// The derive emits one constant for each stored field, with the field's name in upper case and its visibility. Nothing
/// else can make one, so a misspelt key does not compile. See [`Tracked::get`](crate::Tracked::get),
/// [`set`](crate::Tracked::set) and [`reset`](crate::Tracked::reset).
///
/// ```
/// use session::{Key, Schema, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     #[session(default = true)]
///     newsletter: bool,
///     cookies: bool,
/// }
///
/// fn toggle<S: Schema>(session: &mut Session<S>, switch: Key<S, bool>) {
///     let value = *session.get(switch);
///     session.set(switch, !value);
/// }
///
/// async fn settings(mut session: Session<Shop>) {
///     toggle(&mut session, Shop::NEWSLETTER);
///     toggle(&mut session, Shop::COOKIES);
/// }
/// ```
pub struct Key<S, V> {
    pub(crate) index: usize,
    pub(crate) get: fn(&S) -> &V,
    pub(crate) get_mut: fn(&mut S) -> &mut V,
}

impl<S, V> Key<S, V> {
    #[doc(hidden)]
    pub const fn of<F: Field<S, Value = V>>(index: usize) -> Self {
        Self { index, get: F::get, get_mut: F::get_mut }
    }

    #[doc(hidden)]
    pub const fn new(index: usize, get: fn(&S) -> &V, get_mut: fn(&mut S) -> &mut V) -> Self {
        Self { index, get, get_mut }
    }
}

impl<S, V> Clone for Key<S, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, V> Copy for Key<S, V> {}

impl<S: SchemaData, V> fmt::Debug for Key<S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = S::FIELDS.get(self.index).map_or("?", |field| field.field.info.name);
        write!(f, "Key({}.{name})", S::SECTION.name)
    }
}
