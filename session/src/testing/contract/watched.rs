//! [`Watched`]: the store under test, with an account of its calls and their errors.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Destroyed, Record, Reloaded, Store, StoreError, Touched, UserIndex, UserKey,
    no_user_index,
};

/// How often a call is made before its error counts: a busy machine is no violation of the contract.
pub(super) const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct Watched<S> {
    pub(super) inner: S,
    /// For each call: how often it was made, how often it failed, and its last error.
    calls: Mutex<BTreeMap<&'static str, (u64, u64, String)>>,
}

/// Makes `call` again while its outcome is unknown: for a write that no other call can come between, or whose
/// repetition has the same answer.
pub(super) async fn until_known<T, F>(mut call: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries = 1;
    loop {
        match call().await {
            Err(StoreError::Unknown(_)) if tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

/// Which errors are followed by another try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Only those after which nothing was written: a repetition could have another answer.
    Unwritten,
    /// Unknown outcomes too: the call writes nothing that another one could see.
    Always,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, calls: Mutex::default() }
    }

    /// How many calls have failed.
    pub(super) fn failures(&self) -> u64 {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).values().map(|(_, failed, _)| failed).sum()
    }

    /// The calls and their errors, as one text.
    pub(super) fn account(&self) -> String {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = calls.iter().map(|(name, (made, failed, last))| match failed {
            0 => format!("{made} {name}"),
            _ => format!("{made} {name}, of which {failed} failed, the last one so: {last}"),
        });
        format!("calls until then: {}", lines.collect::<Vec<_>>().join("; "))
    }

    fn note(&self, name: &'static str, error: Option<&StoreError>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, failed, last) = calls.entry(name).or_default();
        *made += 1;
        if let Some(error) = error {
            *failed += 1;
            *last = super::in_full(error);
        }
    }

    async fn call<T, F>(&self, name: &'static str, repeat: Repeat, mut call: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut tries = 1;
        loop {
            let outcome = call().await;
            self.note(name, outcome.as_ref().err());
            match &outcome {
                Err(StoreError::Unavailable(_)) if tries < TRIES => {},
                Err(StoreError::Unknown(_)) if tries < TRIES && repeat == Repeat::Always => {},
                _ => return outcome,
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl<S: Store> Store for Watched<S> {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.call("create", Repeat::Unwritten, || self.inner.create(id, record, now)).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.call("load", Repeat::Always, || self.inner.load(id, now)).await
    }

    async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
        self.call("reload", Repeat::Always, || self.inner.reload(id, now)).await
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        self.call("commit", Repeat::Unwritten, || self.inner.commit(id, commit, now)).await
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        self.call("touch", Repeat::Unwritten, || self.inner.touch(id, idle, now)).await
    }

    async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
        self.call("destroy", Repeat::Unwritten, || self.inner.destroy(id, now)).await
    }

    async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.call("sweep", Repeat::Always, || self.inner.sweep(limit, now)).await
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        self.inner.users().map(|_| self as &dyn UserIndex)
    }

    fn call_deadline(&self) -> Option<Duration> {
        self.inner.call_deadline()
    }

    fn encrypts(&self) -> bool {
        self.inner.encrypts()
    }
}

impl<S: Store> UserIndex for Watched<S> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let users = self.inner.users().ok_or_else(no_user_index)?;
            self.call("list_user", Repeat::Always, || users.list_user(user, limit, now)).await
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let users = self.inner.users().ok_or_else(no_user_index)?;
            self.call("revoke_user", Repeat::Unwritten, || users.revoke_user(user, except, now)).await
        })
    }
}
