//! [`IntoBackend`]: where sessions are kept, on a server or with the client; and [`CookieCodec`], which is how the engine sees the latter.

use super::{DynStore, Store};
use crate::base::clock::{Rng, RngError, Timestamp};
use crate::cookie::CookiePolicy;
use crate::data::record::Record;
use crate::data::schema::info::FieldInfo;
use crate::data::token::SessionId;

/// What [`Builder::store`](crate::SessionsBuilder::store) takes: any [`Store`], or a `SealedCookie` (feature `sealed`).
#[diagnostic::on_unimplemented(
    message = "sessions cannot be kept in `{Self}`",
    label = "not a session store",
    note = "implement `session::Store` for it; `SealedCookie` is the only other place"
)]
pub trait IntoBackend {
    /// Not for people, and not stable.
    #[doc(hidden)]
    fn into_backend(self) -> BackendBuilder;
}

impl<S: Store> IntoBackend for S {
    fn into_backend(self) -> BackendBuilder {
        BackendBuilder::new(|_, _| Box::new(self))
    }
}

/// A place that does not know its sessions yet.
#[doc(hidden)]
pub struct BackendBuilder(Box<Build>);

type Build = dyn FnOnce(&BackendContext<'_>, &mut Vec<String>) -> Box<dyn DynStore> + Send + Sync;

impl BackendBuilder {
    pub(crate) fn new(
        build: impl FnOnce(&BackendContext<'_>, &mut Vec<String>) -> Box<dyn DynStore> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(build))
    }

    /// The store for these sessions. What it cannot honour becomes a complaint.
    pub(crate) fn build(self, context: &BackendContext<'_>, complaints: &mut Vec<String>) -> Box<dyn DynStore> {
        (self.0)(context, complaints)
    }
}

impl std::fmt::Debug for BackendBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendBuilder").finish_non_exhaustive()
    }
}

/// What a place must know of the sessions that it keeps.
#[cfg_attr(not(feature = "sealed"), expect(dead_code, reason = "a server's store asks for none of it"))]
pub(crate) struct BackendContext<'a> {
    pub(crate) cookie: &'a CookiePolicy,
    pub(crate) absolute: std::time::Duration,
    /// The session type that gives the record its name.
    pub(crate) section: &'static str,
    pub(crate) version: u32,
    /// Every field of every session type in the record.
    pub(crate) fields: &'a [(&'static str, FieldInfo)],
}

/// The way of a record into its cookie and out of it: what a store has that keeps nothing itself. Its
/// [`load`](DynStore::load) answers whether a session has been ended before its time.
pub(crate) trait CookieCodec: Send + Sync {
    /// The session that a cookie's value is. Nothing but an authentic one that is alive.
    fn open(&self, value: &[u8], now: Timestamp) -> Option<OpenedCookie>;

    /// The value of the cookie that is `record`.
    fn seal(&self, id: SessionId, record: &Record, rng: &dyn Rng) -> Result<String, RngError>;

    /// Whether the app has agreed that of two requests at once the last cookie wins, whatever it asked for.
    fn last_wins(&self) -> bool;
}

/// A record that came in its cookie.
#[derive(Debug)]
pub(crate) struct OpenedCookie {
    pub(crate) id: SessionId,
    pub(crate) record: Record,
    /// Sealed with a key that is on its way out: the client is given a new one.
    pub(crate) needs_reissue: bool,
}
