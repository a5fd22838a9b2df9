//! [`Field`]: one stored field of a struct, as a type of no size; and [`FieldDescriptor`], the same with its type erased.
//!
//! Loops over fields work on columns, so they are compiled once and not once for each struct.

use std::fmt;

use super::stored::{FieldErrorCause, LegacyFields};
use super::{Schema, Storable};
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::codec::depth::TooDeep;

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
    /// Whether a stored value that is no good fails the load, instead of being a default.
    pub rejects: bool,
    /// The keys of older releases that its value may stand under.
    pub sources: &'static [&'static str],
}

impl FieldInfo {
    /// An ordinary field.
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self {
            name,
            key,
            privilege: false,
            survive: Survive::Neither,
            merge: MergeRule::LastWriter,
            rejects: false,
            sources: &[],
        }
    }

    /// It says who is logged in, or it is a right.
    #[must_use]
    pub const fn privilege(mut self) -> Self {
        self.privilege = true;
        self.rejects = true;
        self
    }

    /// A stored value that is no good fails the load.
    #[must_use]
    pub const fn rejects(mut self) -> Self {
        self.rejects = true;
        self
    }

    /// The keys of older releases that its value may stand under.
    #[must_use]
    pub const fn sources(mut self, sources: &'static [&'static str]) -> Self {
        self.sources = sources;
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
    /// What older releases have stored of it, newest step first.
    fn older(stored: &LegacyFields<'_>) -> Option<Result<Self::Value, FieldErrorCause>> {
        let _ = stored;
        None
    }
    /// The rule of `merge = …`.
    fn merge(base: Self::Value, ours: Self::Value, theirs: Self::Value) -> Self::Value {
        let _ = (base, theirs);
        ours
    }
}

/// A [`Field`] with its type erased: what the engine's loops work on.
pub struct FieldDescriptor<S> {
    pub(crate) field: &'static FieldVtable,
    pub(crate) encode: fn(&S, Codec, &mut Vec<u8>) -> Result<(), Error>,
    pub(crate) reset: fn(&mut S),
    pub(crate) fingerprint: fn(&S) -> Option<u128>,
}

/// The part of a [`FieldDescriptor`] that does not know the struct: it works on encoded values.
pub(crate) struct FieldVtable {
    pub(crate) info: FieldInfo,
    pub(crate) normalizes: bool,
    /// Writes the default.
    pub(crate) default: fn(Codec, &mut Vec<u8>) -> Result<(), Error>,
    /// `(base, ours, theirs)` to the merged value.
    pub(crate) merge: MergeFn,
    /// Whether two values are the same, though they may be spelled differently.
    pub(crate) same: SameFn,
    /// What older releases have stored, as today's value.
    pub(crate) older: OlderFn,
    /// The same value in another codec.
    pub(crate) transcode: TranscodeFn,
}

type MergeFn = fn(Codec, [Option<&[u8]>; 3]) -> Result<Vec<u8>, Error>;
type SameFn = fn(Codec, [Option<&[u8]>; 2]) -> bool;
type OlderFn = fn(&LegacyFields<'_>) -> Option<Result<Vec<u8>, Error>>;
type TranscodeFn = fn(&[u8], Codec, Codec) -> Result<Vec<u8>, Error>;

impl<S: Schema> FieldDescriptor<S> {
    /// The column of the field `F`.
    pub const fn of<F: Field<S>>() -> Self {
        Self {
            field: const {
                &FieldVtable {
                    info: F::INFO,
                    normalizes: F::NORMALIZES,
                    default: default::<S, F>,
                    merge: merge::<S, F>,
                    same: same::<S, F>,
                    older: older::<S, F>,
                    transcode: transcode::<S, F>,
                }
            },
            encode: |of, codec, out| encode::<S, F>(F::get(of), codec, out),
            reset: |of| *F::get_mut(of) = F::default(),
            fingerprint: |of| F::get(of).fingerprint(),
        }
    }
}

impl<S> fmt::Debug for FieldDescriptor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field.fmt(f)
    }
}

impl fmt::Debug for FieldVtable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

fn default<S: Schema, F: Field<S>>(codec: Codec, out: &mut Vec<u8>) -> Result<(), Error> {
    encode::<S, F>(&F::default(), codec, out)
}

fn merge<S: Schema, F: Field<S>>(codec: Codec, [base, ours, theirs]: [Option<&[u8]>; 3]) -> Result<Vec<u8>, Error> {
    let ours = decode_or_default::<S, F>(codec, ours)?;
    let merged = F::merge(seen::<S, F>(codec, base), ours, seen::<S, F>(codec, theirs));
    encoded::<S, F>(&merged, codec)
}

fn same<S: Schema, F: Field<S>>(codec: Codec, [one, other]: [Option<&[u8]>; 2]) -> bool {
    seen::<S, F>(codec, one).same(&seen::<S, F>(codec, other))
}

/// What a request sees: of bytes that do not decode, the default.
fn seen<S: Schema, F: Field<S>>(codec: Codec, stored: Option<&[u8]>) -> F::Value {
    decode_or_default::<S, F>(codec, stored).unwrap_or_else(|_| F::default())
}

fn older<S: Schema, F: Field<S>>(stored: &LegacyFields<'_>) -> Option<Result<Vec<u8>, Error>> {
    let value = F::older(stored)?.map_err(|cause| cause.of_field::<S>(&F::INFO, stored.version()));
    Some(value.and_then(|value| encoded::<S, F>(&value, stored.codec())))
}

fn transcode<S: Schema, F: Field<S>>(bytes: &[u8], from: Codec, to: Codec) -> Result<Vec<u8>, Error> {
    encoded::<S, F>(&decode_or_default::<S, F>(from, Some(bytes))?, to)
}

fn decode_or_default<S: Schema, F: Field<S>>(codec: Codec, stored: Option<&[u8]>) -> Result<F::Value, Error> {
    let Some(bytes) = stored else { return Ok(F::default()) };
    F::Value::decode(codec, bytes).map_err(|cause| {
        let FieldInfo { name, key, .. } = F::INFO;
        let message = format!("session `{}`: field `{name}`: the value under `{key}` cannot be decoded", S::NAME);
        Error::new(ErrorKind::Undecodable, message).caused_by(cause)
    })
}

fn encoded<S: Schema, F: Field<S>>(value: &F::Value, codec: Codec) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    encode::<S, F>(value, codec, &mut out)?;
    Ok(out)
}

fn encode<S: Schema, F: Field<S>>(value: &F::Value, codec: Codec, out: &mut Vec<u8>) -> Result<(), Error> {
    value.encode(codec, out).map_err(|cause| {
        // Another cause may quote the value, which may be a secret.
        let rule = cause.downcast_ref::<TooDeep>().map(|rule| format!(": {rule}")).unwrap_or_default();
        let message = format!("session `{}`: field `{}` cannot be encoded{rule}", S::NAME, F::INFO.name);
        Error::new(ErrorKind::Unencodable, message).caused_by(cause)
    })
}
