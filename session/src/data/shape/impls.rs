//! The shapes of the types of the standard library and of this crate, as serde writes them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroize;

use super::{Member, SessionValue, Shape, Tagging, Variant};
use crate::base::secret::Secret;

macro_rules! shapes {
    ($($type:ty => $shape:expr),* $(,)?) => {$(
        impl SessionValue for $type {
            const SHAPE: &'static Shape = &$shape;
        }
    )*};
}

shapes! {
    () => Shape::Unit,
    bool => Shape::Bool,
    f32 => Shape::Float("f32"),
    f64 => Shape::Float("f64"),
    char => Shape::Char,
    str => Shape::Str,
    String => Shape::Str,
    Path => Shape::Str,
    PathBuf => Shape::Str,
    Duration => Shape::Struct(&[Member::new("secs", u64::SHAPE), Member::new("nanos", u32::SHAPE)]),
    SystemTime => Shape::Struct(&[
        Member::new("secs_since_epoch", u64::SHAPE),
        Member::new("nanos_since_epoch", u32::SHAPE),
    ]),
    IpAddr => Shape::Text { name: "ip", sample: "127.0.0.1" },
    Ipv4Addr => Shape::Text { name: "ipv4", sample: "127.0.0.1" },
    Ipv6Addr => Shape::Text { name: "ipv6", sample: "::1" },
    SocketAddr => Shape::Text { name: "socket", sample: "127.0.0.1:80" },
    SocketAddrV4 => Shape::Text { name: "socketv4", sample: "127.0.0.1:80" },
    SocketAddrV6 => Shape::Text { name: "socketv6", sample: "[::1]:80" },
}

macro_rules! integers {
    ($($type:ty, $name:literal;)*) => {$(
        impl SessionValue for $type {
            const SHAPE: &'static Shape = &Shape::Integer($name);
        }
        impl SessionValue for NonZero<$type> {
            const SHAPE: &'static Shape = &Shape::Integer(concat!("nonzero ", $name));
        }
    )*};
}

integers! {
    u8, "u8";
    u16, "u16";
    u32, "u32";
    u64, "u64";
    u128, "u128";
    usize, "u64";
    i8, "i8";
    i16, "i16";
    i32, "i32";
    i64, "i64";
    i128, "i128";
    isize, "i64";
}

/// Serde writes the content of these types, and nothing about the type itself.
macro_rules! transparent {
    ($($type:ty),*) => {$(
        impl<T: SessionValue + ?Sized> SessionValue for $type {
            const SHAPE: &'static Shape = T::SHAPE;
        }
    )*};
}
transparent!(Box<T>, Arc<T>);

impl<T: ToOwned<Owned: SessionValue> + ?Sized> SessionValue for Cow<'_, T> {
    const SHAPE: &'static Shape = T::Owned::SHAPE;
}

impl<T: ?Sized> SessionValue for PhantomData<T> {
    const SHAPE: &'static Shape = &Shape::Unit;
}

impl<T: SessionValue> SessionValue for Option<T> {
    const SHAPE: &'static Shape = &Shape::Optional(T::SHAPE);
}

impl<T: SessionValue, E: SessionValue> SessionValue for Result<T, E> {
    const SHAPE: &'static Shape = &Shape::Enum {
        tagging: Tagging::External,
        variants: &[Variant::new("Ok", T::SHAPE), Variant::new("Err", E::SHAPE)],
    };
}

impl<T: SessionValue> SessionValue for [T] {
    const SHAPE: &'static Shape = &Shape::Seq(T::SHAPE);
}

impl<T: SessionValue> SessionValue for Vec<T> {
    const SHAPE: &'static Shape = &Shape::Seq(T::SHAPE);
}

impl<T: SessionValue> SessionValue for VecDeque<T> {
    const SHAPE: &'static Shape = &Shape::Seq(T::SHAPE);
}

impl<T: SessionValue> SessionValue for BTreeSet<T> {
    const SHAPE: &'static Shape = &Shape::Set(T::SHAPE);
}

impl<T: SessionValue, S> SessionValue for HashSet<T, S> {
    const SHAPE: &'static Shape = &Shape::Set(T::SHAPE);
}

impl<K: SessionValue, V: SessionValue> SessionValue for BTreeMap<K, V> {
    const SHAPE: &'static Shape = &Shape::Map { key: K::SHAPE, value: V::SHAPE };
}

impl<K: SessionValue, V: SessionValue, S> SessionValue for HashMap<K, V, S> {
    const SHAPE: &'static Shape = &Shape::Map { key: K::SHAPE, value: V::SHAPE };
}

impl<T: SessionValue, const N: usize> SessionValue for [T; N] {
    const SHAPE: &'static Shape = &Shape::Array(T::SHAPE, N);
}

macro_rules! tuples {
    ($(($($item:ident)+))*) => {$(
        impl<$($item: SessionValue),+> SessionValue for ($($item,)+) {
            const SHAPE: &'static Shape = &Shape::Tuple(&[$($item::SHAPE),+]);
        }
    )*};
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
}

impl<T: Zeroize + SessionValue> SessionValue for Secret<T> {
    const SHAPE: &'static Shape = &Shape::Redacted(T::SHAPE);
}
