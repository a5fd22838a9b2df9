//! [`Schema`]: what `#[derive(Session)]` says about a struct, as tables of plain functions.
//!
//! The derive emits one zero-sized [`Field`](field::Field) for each stored field; loops over fields live in the engine,
//! never in generated code.

use std::fmt;
use std::ops::DerefMut;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::error::BoxError;
use crate::data::codec::Codec;
use crate::data::fingerprint::{fingerprint, same_content};
use crate::data::lock::Lock;
use crate::data::validation::Violations;
use crate::engine::handle::tracked::Tracked;

pub(crate) mod field;
pub(crate) mod release;
pub(crate) mod sections;
pub(crate) mod stored;

use self::field::FieldDescriptor;
use self::release::{Previous, SectionInfo};
pub use self::stored::FieldError;
use self::stored::SectionReader;

/// A struct whose fields a session remembers. Implemented by `#[derive(Session)]`, never by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session type",
    label = "not a session type",
    note = "put `#[derive(session::Session)]` on `{Self}`"
)]
pub trait Schema: Sized + Send + Sync + 'static {
    /// What a handler holds: the type that the derive emits beside the struct.
    type Handle: Handle<Self>;
    /// The name of the section that the fields are stored under.
    const NAME: &'static str;
    /// The version of the stored shape.
    const VERSION: u32;
    /// How long an unused session lives.
    const IDLE: Duration = Duration::from_mins(30);
    /// How long a session lives in any case.
    const ABSOLUTE: Duration = Duration::from_hours(12);
    /// What the struct's attributes say about other versions.
    #[doc(hidden)]
    const SECTION: SectionInfo = SectionInfo::new();
    /// The whole struct of the version before.
    #[doc(hidden)]
    const PREVIOUS: Option<Previous<Self>> = None;
    /// Whether [`validate`](Self::validate) has any rules.
    #[doc(hidden)]
    const VALIDATES: bool = false;
    /// The stored fields, in the struct's order.
    #[doc(hidden)]
    const FIELDS: &'static [FieldDescriptor<Self>];
    /// Which of them says who is logged in.
    #[doc(hidden)]
    const USER: Option<usize>;
    /// The struct as `stored` has it, and defaults for what it lacks.
    #[doc(hidden)]
    fn load(stored: &mut SectionReader<'_>) -> Self;
    /// What the schema lock says of it. Only there in tests.
    #[doc(hidden)]
    fn lock() -> Lock {
        Lock::default()
    }
    /// Which rules it breaks.
    #[doc(hidden)]
    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

/// A session type with a `#[session(user)]` field.
#[diagnostic::on_unimplemented(
    message = "nobody can be logged in to a `{Self}`",
    label = "has no `user` field",
    note = "mark the field that says who is logged in: `#[session(user)] user: Option<UserId>`"
)]
pub trait Identified: Schema {
    /// What identifies a user.
    type User;
    /// Who is logged in.
    fn user(&self) -> Option<&Self::User>;
    #[doc(hidden)]
    fn user_mut(&mut self) -> &mut Option<Self::User>;
}

/// The type that the derive emits beside a struct `S`; `Session<S>` is its alias.
pub trait Handle<S: Schema<Handle = Self>>: From<Tracked<S>> + DerefMut<Target = S> + Send + Sync + 'static {
    #[doc(hidden)]
    fn tracked(&self) -> &Tracked<S>;
    #[doc(hidden)]
    fn tracked_mut(&mut self) -> &mut Tracked<S>;
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

impl<S: Schema, V> fmt::Debug for Key<S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = S::FIELDS.get(self.index).map_or("?", |column| column.field.info.name);
        write!(f, "Key({}.{name})", S::NAME)
    }
}
