//! [`DynStore`]: any [`Store`] behind a pointer.

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
}

impl<S: Store> DynStore for S {
    fn create<'a>(
        &'a self,
        id: SessionId,
        record: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>> {
        Box::pin(Store::create(self, id, record, now))
    }

    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Box::pin(Store::load(self, id, now))
    }

    fn reload(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Reloaded, StoreError>> {
        Box::pin(Store::reload(self, id, now))
    }

    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        Box::pin(Store::commit(self, id, commit, now))
    }

    fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>> {
        Box::pin(Store::touch(self, id, idle, now))
    }

    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        Box::pin(Store::destroy(self, id, now))
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(Store::sweep(self, limit, now))
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Store::users(self)
    }
}
