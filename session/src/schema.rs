//! [`Schema`]: what `#[derive(Session)]` says about a struct, as tables of plain functions.
//!
//! The derive emits one zero-sized [`Field`] for each stored field; loops over fields live here and in the engine, never
//! in generated code.

use std::fmt;
use std::ops::DerefMut;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::fingerprint::fingerprint;
use crate::payload::{JSON, Section};
use crate::tracked::Tracked;

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
    /// The stored fields, in the struct's order.
    #[doc(hidden)]
    const FIELDS: &'static [Column<Self>];
    /// Which of them says who is logged in.
    #[doc(hidden)]
    const USER: Option<usize>;
    /// The struct as `stored` has it, and defaults for what it lacks.
    #[doc(hidden)]
    fn load(stored: &mut Stored<'_>) -> Self;
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
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;
    #[doc(hidden)]
    fn fingerprint(&self) -> Option<u128>;
    #[doc(hidden)]
    fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error>;
}
// Serde's traits are bounds here and nowhere else: as supertraits they would complain in this trait's place.
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Storable for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        self.serialize(&mut serde_json::Serializer::new(out))
    }

    fn fingerprint(&self) -> Option<u128> {
        fingerprint(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        // One check of the whole text is cheaper than the decoder's own check of each string.
        match str::from_utf8(bytes) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(bytes),
        }
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

/// What the attributes of a field say.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldInfo {
    /// The field's name in the struct.
    pub name: &'static str,
    /// The key it is stored under.
    pub key: &'static str,
    /// Who is logged in, or a right: changing it is a change of privilege, and it is never silently a default.
    pub privilege: bool,
    /// What a login and a logout leave of it.
    pub survive: Survive,
    /// What happens when two requests change it.
    pub merge: MergeRule,
}

impl FieldInfo {
    /// An ordinary field.
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self { name, key, privilege: false, survive: Survive::Neither, merge: MergeRule::LastWriter }
    }

    /// It says who is logged in, or it is a right.
    #[must_use]
    pub const fn privilege(mut self) -> Self {
        self.privilege = true;
        self
    }

    /// What a login and a logout leave of it.
    #[must_use]
    pub const fn survive(mut self, survive: Survive) -> Self {
        self.survive = survive;
        self
    }

    /// What happens when two requests change it.
    #[must_use]
    pub const fn merge(mut self, merge: MergeRule) -> Self {
        self.merge = merge;
        self
    }
}

/// Whether a field outlives a change of who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code writes it out")]
pub enum Survive {
    /// Reset by login and by logout.
    Neither,
    /// Kept by login, reset by logout.
    Login,
    /// Kept by both.
    Both,
}

/// What happens when two requests change one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code writes it out")]
pub enum MergeRule {
    /// The later commit's value stays.
    LastWriter,
    /// The later commit fails with [`ErrorKind::Conflict`].
    Reject,
    /// [`Field::merge`] decides.
    Merge,
}

/// One stored field of `S`, as a type of no size.
pub trait Field<S>: 'static {
    /// The field's type.
    type Value: Storable;
    /// What its attributes say.
    const INFO: FieldInfo;
    /// Borrows it.
    fn get(of: &S) -> &Self::Value;
    /// Borrows it mutably.
    fn get_mut(of: &mut S) -> &mut Self::Value;
    /// Whether [`merge`](Self::merge) must see every change, even where nobody else made one: to cap a list.
    const NORMALIZES: bool = false;
    /// What it is when nothing is stored.
    fn default() -> Self::Value;
    /// The rule of `merge = …`.
    fn merge(base: Self::Value, mine: Self::Value, theirs: Self::Value) -> Self::Value {
        let _ = (base, theirs);
        mine
    }
}

/// A [`Field`] with its type erased: what the engine's loops work on.
pub struct Column<S> {
    pub(crate) field: &'static Erased,
    pub(crate) encode: fn(&S, &mut Vec<u8>) -> Result<(), Error>,
    pub(crate) reset: fn(&mut S),
    pub(crate) fingerprint: fn(&S) -> Option<u128>,
}

/// The part of a [`Column`] that does not know the struct: it works on encoded values.
pub(crate) struct Erased {
    pub(crate) info: FieldInfo,
    pub(crate) normalizes: bool,
    /// Writes the default.
    pub(crate) default: fn(&mut Vec<u8>) -> Result<(), Error>,
    /// `(base, mine, theirs)` to the merged value.
    pub(crate) merge: MergeFn,
}

type MergeFn = fn([Option<&[u8]>; 3]) -> Result<Vec<u8>, Error>;

impl<S: Schema> Column<S> {
    /// The column of the field `F`.
    pub const fn of<F: Field<S>>() -> Self {
        Self {
            field: const {
                &Erased { info: F::INFO, normalizes: F::NORMALIZES, default: default::<S, F>, merge: merge::<S, F> }
            },
            encode: |of, out| encode(F::get(of), out).map_err(|cause| unencodable::<S>(&F::INFO, cause)),
            reset: |of| *F::get_mut(of) = F::default(),
            fingerprint: |of| F::get(of).fingerprint(),
        }
    }
}

impl<S> fmt::Debug for Column<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field.fmt(f)
    }
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

fn default<S: Schema, F: Field<S>>(out: &mut Vec<u8>) -> Result<(), Error> {
    encode(&F::default(), out).map_err(|cause| unencodable::<S>(&F::INFO, cause))
}

fn merge<S: Schema, F: Field<S>>([base, mine, theirs]: [Option<&[u8]>; 3]) -> Result<Vec<u8>, Error> {
    let mine = decode_or_default::<S, F>(mine)?;
    // What the request saw of bytes that do not decode was the default.
    let base = decode_or_default::<S, F>(base).unwrap_or_else(|_| F::default());
    let merged = match decode_or_default::<S, F>(theirs) {
        Ok(theirs) => F::merge(base, mine, theirs),
        Err(_) => mine,
    };
    let mut out = Vec::new();
    encode(&merged, &mut out).map_err(|cause| unencodable::<S>(&F::INFO, cause))?;
    Ok(out)
}

fn decode_or_default<S: Schema, F: Field<S>>(stored: Option<&[u8]>) -> Result<F::Value, Error> {
    match stored {
        None => Ok(F::default()),
        Some(bytes) => decode(bytes).map_err(|cause| undecodable(S::NAME, &F::INFO, cause)),
    }
}

fn encode<T: Storable>(value: &T, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    value.encode(out)
}

fn decode<T: Storable>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    T::decode(bytes)
}

#[cold]
fn undecodable(section: &str, info: &FieldInfo, cause: serde_json::Error) -> Error {
    let message = format!(
        "session `{section}`: the stored value of field `{}` (key `{}`) cannot be decoded",
        info.name, info.key
    );
    Error::new(ErrorKind::Undecodable, message).caused_by(cause)
}

#[cold]
fn unencodable<S: Schema>(info: &FieldInfo, cause: serde_json::Error) -> Error {
    let message = format!("session `{}`: field `{}` cannot be encoded", S::NAME, info.name);
    Error::new(ErrorKind::Unencodable, message).caused_by(cause)
}

/// A stored section on its way into a struct.
#[derive(Default)]
pub struct Stored<'a> {
    section: Option<Section<'a>>,
    problems: Vec<Problem>,
    refused: Option<Error>,
}

impl fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> Stored<'a> {
    /// Loads an `S` from its section, or a new one if there is none.
    pub(crate) fn load<S: Schema>(section: Option<Section<'a>>) -> Result<(S, Vec<Problem>), Error> {
        let mut stored = Self { section, ..Self::default() };
        if let Some(section) = stored.section.as_ref().filter(|section| section.codec != JSON) {
            let message = format!("session `{}`: stored with codec {}, which this build lacks", S::NAME, section.codec);
            return Err(Error::new(ErrorKind::Undecodable, message));
        }
        let value = S::load(&mut stored);
        match stored.refused {
            None => Ok((value, stored.problems)),
            Some(error) => Err(error),
        }
    }

    /// The value of one field: as stored, or its default if it is absent or cannot be decoded.
    pub fn field<S: Schema, F: Field<S>>(&mut self) -> F::Value {
        let Some(bytes) = self.section.as_ref().and_then(|section| section.get(F::INFO.key)) else {
            return F::default();
        };
        match decode(bytes) {
            Ok(value) => value,
            Err(cause) => {
                let error = undecodable(S::NAME, &F::INFO, cause);
                if F::INFO.privilege {
                    self.refused.get_or_insert(error);
                } else {
                    self.problems.push(Problem { field: F::INFO.name, error });
                }
                F::default()
            },
        }
    }
}

/// Something that was wrong with a stored session and did not cost the rest of it.
#[derive(Debug)]
pub struct Problem {
    field: &'static str,
    error: Error,
}

impl Problem {
    /// The field that reads as its default now. Its stored bytes stay until the field is written.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What was wrong.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
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
