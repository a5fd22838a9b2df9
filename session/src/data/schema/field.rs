//! [`Field`]: one stored field of a struct, as a zero-sized type; and [`FieldDescriptor`], the same with its type
//! erased.
//!
//! Loops over fields work on descriptors, so they are compiled once and not once for each struct. The functions of a
//! descriptor run the application's code, and none of them panics if that does.

use std::fmt;

use super::info::FieldInfo;
use super::legacy::{FieldErrorCause, LegacyFields};
use super::panics::{caught, in_field};
use super::{SchemaData, Storable};
use crate::base::error::{BoxError, Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::codec::depth::TooDeep;

/// One stored field of `S`, as a zero-sized type.
pub trait Field<S>: 'static {
    /// The field's type.
    type Value: Storable;
    /// What the field's attributes say.
    const INFO: FieldInfo;
    /// Borrows the field.
    fn get(of: &S) -> &Self::Value;
    /// Borrows the field mutably.
    fn get_mut(of: &mut S) -> &mut Self::Value;
    /// Whether [`merge`](Self::merge) sees every change, even without a conflict: a log is capped by it.
    const NORMALIZES: bool = false;
    /// The value when nothing is stored.
    fn default() -> Self::Value;
    /// The value that older releases have stored, by the newest step that applies.
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

/// A [`Field`] with its type erased: the loops of the engine work on it.
pub struct FieldDescriptor<S> {
    pub(crate) field: &'static FieldVtable,
    pub(crate) encode: fn(&S, Codec, &mut Vec<u8>) -> Result<(), Error>,
    pub(crate) reset: fn(&mut S) -> Result<(), Error>,
    /// Swaps the field's values of two structs.
    pub(crate) swap: fn(&mut S, &mut S),
    pub(crate) fingerprint: fn(&S) -> Option<u128>,
}

/// The part of a [`FieldDescriptor`] that is independent of the struct: it works on encoded values.
pub(crate) struct FieldVtable {
    pub(crate) info: FieldInfo,
    pub(crate) normalizes: bool,
    /// Encodes the default.
    pub(crate) default: fn(Codec, &mut Vec<u8>) -> Result<(), Error>,
    /// Merges `[base, ours, theirs]`.
    pub(crate) merge: MergeFn,
    /// Whether two encoded values are equal, even if their bytes differ.
    pub(crate) same: SameFn,
    /// The value that older releases have stored, converted to today's type.
    pub(crate) older: OlderFn,
    /// Encodes a value in another codec.
    pub(crate) transcode: TranscodeFn,
}

type MergeFn = fn(Codec, [Option<&[u8]>; 3]) -> Result<Vec<u8>, Error>;
type SameFn = fn(Codec, [Option<&[u8]>; 2]) -> bool;
type OlderFn = fn(&LegacyFields<'_>) -> Option<Result<Vec<u8>, Error>>;
type TranscodeFn = fn(&[u8], Codec, Codec) -> Result<Vec<u8>, Error>;

impl<S: SchemaData> FieldDescriptor<S> {
    /// The descriptor of the field `F`.
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
            reset: |of| {
                *F::get_mut(of) = default_value::<S, F>()?;
                Ok(())
            },
            swap: |one, other| std::mem::swap(F::get_mut(one), F::get_mut(other)),
            fingerprint: |of| caught(|| F::get(of).fingerprint()).ok().flatten(),
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

/// As [`caught`], for `what` of the field `F`.
#[inline]
fn caught_in<S: SchemaData, F: Field<S>, R>(what: &str, run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    caught(run).unwrap_or_else(|_| Err(in_field::<S>(F::INFO.name, what)))
}

fn default<S: SchemaData, F: Field<S>>(codec: Codec, out: &mut Vec<u8>) -> Result<(), Error> {
    encode::<S, F>(&default_value::<S, F>()?, codec, out)
}

fn merge<S: SchemaData, F: Field<S>>(codec: Codec, [base, ours, theirs]: [Option<&[u8]>; 3]) -> Result<Vec<u8>, Error> {
    let ours = decode_or_default::<S, F>(codec, ours)?;
    let (base, theirs) = (seen::<S, F>(codec, base)?, seen::<S, F>(codec, theirs)?);
    let merged = caught_in::<S, F, _>("its `merge`", || Ok(F::merge(base, ours, theirs)))?;
    encoded::<S, F>(&merged, codec)
}

fn same<S: SchemaData, F: Field<S>>(codec: Codec, [one, other]: [Option<&[u8]>; 2]) -> bool {
    let (Ok(one), Ok(other)) = (seen::<S, F>(codec, one), seen::<S, F>(codec, other)) else { return false };
    caught(|| one.same(&other)).unwrap_or(false)
}

/// The value as a request sees it: the default if the bytes cannot be decoded.
fn seen<S: SchemaData, F: Field<S>>(codec: Codec, stored: Option<&[u8]>) -> Result<F::Value, Error> {
    decode_or_default::<S, F>(codec, stored).or_else(|_| default_value::<S, F>())
}

fn older<S: SchemaData, F: Field<S>>(stored: &LegacyFields<'_>) -> Option<Result<Vec<u8>, Error>> {
    let value = older_value::<S, F>(stored)?.map_err(|cause| cause.of_field::<S>(&F::INFO, stored.version()));
    Some(value.and_then(|value| encoded::<S, F>(&value, stored.codec())))
}

fn transcode<S: SchemaData, F: Field<S>>(bytes: &[u8], from: Codec, to: Codec) -> Result<Vec<u8>, Error> {
    encoded::<S, F>(&decode_or_default::<S, F>(from, Some(bytes))?, to)
}

fn decode_or_default<S: SchemaData, F: Field<S>>(codec: Codec, stored: Option<&[u8]>) -> Result<F::Value, Error> {
    let Some(bytes) = stored else { return default_value::<S, F>() };
    decode::<S, F>(codec, bytes).map_err(|cause| {
        let FieldInfo { name, key, .. } = F::INFO;
        let message =
            format!("session `{}`: field `{name}`: the value under `{key}` cannot be decoded", S::SECTION.name);
        Error::new(ErrorKind::Undecodable, message).caused_by(cause)
    })
}

fn default_value<S: SchemaData, F: Field<S>>() -> Result<F::Value, Error> {
    caught_in::<S, F, _>("its default", || Ok(F::default()))
}

/// A value whose code panics is one that cannot be decoded.
#[inline]
pub(super) fn decode<S: SchemaData, F: Field<S>>(codec: Codec, bytes: &[u8]) -> Result<F::Value, BoxError> {
    caught(|| F::Value::decode(codec, bytes)).unwrap_or_else(|panicked| Err(panicked.into()))
}

/// [`Field::older`]. An upgrade that panics is one that refuses the value.
#[inline]
pub(super) fn older_value<S: SchemaData, F: Field<S>>(
    stored: &LegacyFields<'_>,
) -> Option<Result<F::Value, FieldErrorCause>> {
    caught(|| F::older(stored)).unwrap_or_else(|panicked| Some(Err(FieldErrorCause::upgrade(panicked))))
}

fn encoded<S: SchemaData, F: Field<S>>(value: &F::Value, codec: Codec) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    encode::<S, F>(value, codec, &mut out)?;
    Ok(out)
}

fn encode<S: SchemaData, F: Field<S>>(value: &F::Value, codec: Codec, out: &mut Vec<u8>) -> Result<(), Error> {
    let encoded = caught_in::<S, F, _>("its `Serialize`", || Ok(value.encode(codec, out)))?;
    encoded.map_err(|cause| {
        // This cause says what to do; the others say no more than the message.
        let rule = cause.downcast_ref::<TooDeep>().map(|rule| format!(": {rule}")).unwrap_or_default();
        let message = format!("session `{}`: field `{}` cannot be encoded{rule}", S::SECTION.name, F::INFO.name);
        Error::new(ErrorKind::Unencodable, message).caused_by(cause)
    })
}
