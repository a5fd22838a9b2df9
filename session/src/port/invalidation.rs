//! [`InvalidationFeed`]: stores that report what other processes change.

use super::{Store, StoreError};
use crate::data::token::SessionId;

/// A change that another process has made, as an [`InvalidationFeed`] reports it.
///
/// ```
/// use session::SessionId;
/// use session::store::Invalidation;
///
/// fn log(change: Invalidation<'_>) -> String {
///     match change {
///         Invalidation::Session(id) => format!("session {id}"),
///         Invalidation::User(digest) => format!("sessions of the user {digest:?}"),
///         _ => "anything".into(),
///     }
/// }
/// assert!(log(Invalidation::Session(SessionId::from_bytes([7; 16]))).starts_with("session "));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Invalidation<'a> {
    /// This session has changed or ended.
    Session(SessionId),
    /// Sessions of one user have ended: of the user whose key has this [digest](super::UserKey::digest).
    User(&'a [u8]),
    /// Reports may have been lost: anything may have changed.
    All,
}

/// A store whose processes report to each other what they change. `Cached::listening` needs one; `RedisStore` is one.
///
/// ```
/// use session::store::{Invalidation, InvalidationFeed, StoreError};
///
/// async fn watch<S: InvalidationFeed>(store: S) -> Result<S, StoreError> {
///     store.subscribe(|change: Invalidation<'_>| println!("{change:?}")).await
/// }
/// ```
pub trait InvalidationFeed: Store + Sized {
    /// This store, which from now on reports its own changes to the other processes, and calls `on_change` for each
    /// change that another process reports. `on_change` must not block.
    ///
    /// Delivery is best effort. After a gap, `on_change` gets [`Invalidation::All`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the server does not answer; [`StoreError::Misconfigured`] if this store, as it is
    /// configured, has no feed.
    fn subscribe(
        self,
        on_change: impl Fn(Invalidation<'_>) + Send + Sync + 'static,
    ) -> impl Future<Output = Result<Self, StoreError>> + Send;
}
