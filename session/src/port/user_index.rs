use super::{BoxFuture, Record, StoreError, UserKey};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;

/// Finds the sessions of a user. What a [`Store`](super::Store) answers to [`users`](super::Store::users).
///
/// The index is part of the store: a session is found from the moment that the `create` or `commit` returns which put the
/// [`Record::user`] into it, in every process. Sessions that have ended are not found, whether or not anything has swept
/// them, and leave nothing behind for ever.
pub trait UserIndex: Send + Sync {
    /// Up to `limit` live sessions of `user`, in no particular order.
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>>;

    /// Destroys all sessions that `user` has, but for `except`, and answers how many records were removed. As final as
    /// [`Store::destroy`](super::Store::destroy); doing it twice does no harm.
    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>>;
}

/// The error of a call that needs a user index, on a store without one.
#[cold]
pub(crate) fn no_user_index() -> StoreError {
    let reason = "it cannot find sessions by user: `Store::users` is `None`";
    StoreError::Misconfigured(reason.into())
}
