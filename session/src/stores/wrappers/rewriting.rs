//! [`rewriting_store`]: the common part of the wrappers that store another payload than they are given.

/// Implements `Store` and `UserIndex` for a wrapper with an `inner` store, by three inherent methods of the wrapper:
/// `outgoing` turns a record into the one to store, `incoming` turns it back, and `payload_is_encrypted` answers
/// [`Store::encrypts`].
macro_rules! rewriting_store {
    ($wrapper:ident) => {
        impl<S: Store> Store for $wrapper<S> {
            async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
                self.inner.create(id, &*self.outgoing(id, record)?, now).await
            }

            async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
                let found = self.inner.load(id, now).await?;
                found.map(|record| self.incoming(id, record)).transpose()
            }

            async fn reload(&self, id: SessionId, now: Timestamp) -> Result<Reloaded, StoreError> {
                Ok(match self.inner.reload(id, now).await? {
                    Reloaded::Record(Some(record)) => Reloaded::Record(Some(self.incoming(id, record)?)),
                    other => other,
                })
            }

            async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
                let record = self.outgoing(id, commit.record)?;
                match self.inner.commit(id, commit.with_record(&record), now).await? {
                    Committed::Conflict(fresh) => Ok(Committed::Conflict(Box::new(self.incoming(id, *fresh)?))),
                    outcome => Ok(outcome),
                }
            }

            async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
                self.inner.touch(id, idle, now).await
            }

            async fn destroy(&self, id: SessionId, now: Timestamp) -> Result<Destroyed, StoreError> {
                self.inner.destroy(id, now).await
            }

            async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
                self.inner.sweep(limit, now).await
            }

            fn users(&self) -> Option<&dyn UserIndex> {
                self.inner.users().map(|_| self as &dyn UserIndex)
            }

            fn call_deadline(&self) -> Option<std::time::Duration> {
                self.inner.call_deadline()
            }

            fn encrypts(&self) -> bool {
                self.payload_is_encrypted()
            }
        }

        impl<S: Store> UserIndex for $wrapper<S> {
            fn list_user<'a>(
                &'a self,
                user: &'a UserKey,
                limit: usize,
                now: Timestamp,
            ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
                Box::pin(async move {
                    let users = self.inner.users().ok_or_else(no_user_index)?;
                    let found = users.list_user(user, limit, now).await?;
                    // A record that cannot be read is left out, so that the user can still end the other sessions.
                    let read = found.into_iter().filter_map(|(id, record)| Some((id, self.incoming(id, record).ok()?)));
                    Ok(read.collect())
                })
            }

            fn revoke_user<'a>(
                &'a self,
                user: &'a UserKey,
                except: Option<SessionId>,
                now: Timestamp,
            ) -> BoxFuture<'a, Result<usize, StoreError>> {
                match self.inner.users() {
                    Some(users) => users.revoke_user(user, except, now),
                    None => Box::pin(async { Err(no_user_index()) }),
                }
            }

            fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
                match self.inner.users() {
                    Some(users) => users.forget(user, id),
                    None => Box::pin(std::future::ready(Ok(()))),
                }
            }
        }
    };
}
pub(super) use rewriting_store;
