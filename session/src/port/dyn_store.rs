//! [`DynStore`]: any [`Store`] behind a pointer, whose calls end.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex,
};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;

/// [`Store`], as the engine calls it: object-safe, so that the engine has no type parameter for its store.
pub(crate) trait DynStore: Send + Sync {
    fn create<'a>(
        &'a self,
        id: SessionId,
        record: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>>;
    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;
    fn reload(&self, _id: SessionId, _now: Timestamp) -> BoxFuture<'_, Result<Reloaded, StoreError>> {
        Box::pin(std::future::ready(Ok(Reloaded::NotCached)))
    }
    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>>;
    fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>>;
    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>>;
    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>>;
    fn users(&self) -> Option<&dyn UserIndex> {
        None
    }
    fn call_deadline(&self) -> Option<Duration> {
        None
    }
}

/// How much longer than other calls a sweep may take: no request waits for it.
const SWEEP: u32 = 10;

/// A read that is dropped at the store's deadline.
pub(crate) fn read_in_time<'a, T>(
    deadline: Option<Duration>,
    call: impl Future<Output = Result<T, StoreError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, StoreError>> {
    in_time(deadline, call, StoreError::unavailable)
}

/// A write that is dropped at the store's deadline: it may have been applied.
pub(crate) fn write_in_time<'a, T>(
    deadline: Option<Duration>,
    call: impl Future<Output = Result<T, StoreError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, StoreError>> {
    in_time(deadline, call, StoreError::unknown)
}

fn in_time<'a, T>(
    deadline: Option<Duration>,
    call: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    late: fn(String) -> StoreError,
) -> BoxFuture<'a, Result<T, StoreError>> {
    let Some(deadline) = deadline else { return Box::pin(call) };
    Box::pin(async move {
        let answer = timeout(deadline, call).await;
        answer.unwrap_or_else(|_| {
            Err(late(format!("no answer within the deadline of {deadline:?}, which `Store::call_deadline` sets")))
        })
    })
}

impl<S: Store> DynStore for S {
    fn create<'a>(
        &'a self,
        id: SessionId,
        record: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>> {
        write_in_time(Store::call_deadline(self), Store::create(self, id, record, now))
    }

    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        read_in_time(Store::call_deadline(self), Store::load(self, id, now))
    }

    fn reload(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Reloaded, StoreError>> {
        read_in_time(Store::call_deadline(self), Store::reload(self, id, now))
    }

    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        write_in_time(Store::call_deadline(self), Store::commit(self, id, commit, now))
    }

    fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>> {
        write_in_time(Store::call_deadline(self), Store::touch(self, id, idle, now))
    }

    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        write_in_time(Store::call_deadline(self), Store::destroy(self, id, now))
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        write_in_time(Store::call_deadline(self).map(|deadline| deadline * SWEEP), Store::sweep(self, limit, now))
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Store::users(self)
    }

    fn call_deadline(&self) -> Option<Duration> {
        Store::call_deadline(self)
    }
}
