//! [`UserIndex`]: finding sessions by user.

use super::{BoxFuture, Record, StoreError, UserKey};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;

/// Finds the sessions of a user: what [`Store::users`](super::Store::users) returns.
///
/// The index is part of the store. A session is found, in every process, from the moment that the `create` or `commit`
/// returns that set its [`Record::user`]. Expired sessions are not found, whether or not they have been swept, and
/// their entries are removed in time.
///
/// ```
/// use session::store::{Store, StoreError, UserKey};
/// use session::Timestamp;
///
/// /// How many sessions `user` has, at most 100.
/// async fn count(store: &impl Store, user: &UserKey, now: Timestamp) -> Result<usize, StoreError> {
///     match store.users() {
///         Some(index) => Ok(index.list_user(user, 100, now).await?.len()),
///         None => Ok(0), // this store cannot tell
///     }
/// }
/// ```
pub trait UserIndex: Send + Sync {
    /// Up to `limit` live sessions of `user`, in no particular order.
    ///
    /// # Errors
    ///
    /// As [`Store::load`](super::Store::load); a record that cannot be read is left out, and hides no other.
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>>;

    /// Destroys all sessions of `user` but `except`, and returns how many records it removed. As final as
    /// [`Store::destroy`](super::Store::destroy), and safe to repeat.
    ///
    /// It is not one transaction: after an error, some of the sessions may be removed.
    ///
    /// # Errors
    ///
    /// As [`Store::destroy`](super::Store::destroy).
    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>>;

    /// Removes the entry of session `id`, which was `user`'s and is no longer: after a logout or a destruction. For an
    /// index whose entries outlive their sessions. The default does nothing.
    ///
    /// # Errors
    ///
    /// As [`Store::destroy`](super::Store::destroy). A surplus entry is harmless: a list does not find it.
    fn forget<'a>(&'a self, _user: &'a UserKey, _id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The error of a call that needs a user index, on a store without one.
#[cold]
pub(crate) fn no_user_index() -> StoreError {
    let reason = "it cannot find sessions by user: `Store::users` is `None`";
    StoreError::Misconfigured(reason.into())
}
