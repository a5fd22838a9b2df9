//! [`SchemaData`]: what `#[derive(Session)]` says about a struct, as tables of plain functions.
//!
//! The derive emits one zero-sized [`Field`](field::Field) for each stored field. Loops over the fields are in the runtime, never
//! in generated code.

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
pub(crate) mod previous;
pub(crate) mod reader;
pub(crate) mod sections;

use self::field::{Field, FieldDescriptor};
use self::info::SectionInfo;
use self::lock_entry::Lock;
use self::previous::Previous;
use self::reader::SectionReader;

/// What `#[derive(Session)]` says about the stored form of a struct. Generated code implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session type",
    label = "not a session type",
    note = "put `#[derive(session::Session)]` on `{Self}`"
)]
pub trait SchemaData: Sized + Send + Sync + 'static {
    /// What the struct's attributes say.
    const SECTION: SectionInfo;
    /// The stored fields, in the struct's order.
    const FIELDS: &'static [FieldDescriptor<Self>];
    /// The index of the `user` field in [`FIELDS`](Self::FIELDS).
    const USER: Option<usize> = None;
    /// How to read what the struct of the version before has stored, if the struct names it.
    const PREVIOUS: Option<Previous<Self>> = None;
    /// Whether [`validate`](Self::validate) has any rules.
    const VALIDATES: bool = false;
    /// Reads the struct. A field that is not stored has its default.
    fn load(stored: &mut SectionReader<'_>) -> Self;
    /// Adds each field to the output of `Debug`.
    fn debug(&self, out: &mut fmt::DebugStruct<'_, '_>);
    /// The rules that the struct breaks.
    ///
    /// # Errors
    ///
    /// All of them, if there are any.
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
    /// What the schema lock says about the struct. Generated in tests only.
    fn lock() -> Lock {
        Lock::default()
    }
}

/// A field's value: anything that serde can write and read back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a session",
    label = "needs serde's `Serialize` and `Deserialize`, owned, `Send`, `Sync` and `'static`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`; for a type of another crate turn on its `serde` feature",
    note = "a value that is only useful during one request can be `#[session(skip)]`"
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
// Serde's traits are bounds here and nowhere else: as supertraits they would complain in this trait's place.
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

/// A type with a default, for fields without `default = …`.
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

/// A field of `S` as a value: `Shop::VISITS`. Only the derive makes them, so a misspelt key does not compile.
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
