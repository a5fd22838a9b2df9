//! [`Detached`]: a session that outlives its request.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind};
use crate::engine::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::handle::tracked::Tracked;
use crate::engine::load::LoadedSession;
use crate::engine::request::RequestSession;

/// A session for work that outlives its request: a spawned task, a WebSocket, a stream. Made by [`Tracked::detach`].
///
/// ```
/// use session::{Detached, Error, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     orders: u64,
/// }
///
/// async fn order(mut session: Session<Shop>) -> Result<(), Error> {
///     session.commit().await?; // a new session must be stored first
///     tokio::spawn(send(session.detach()));
///     Ok(())
/// }
///
/// async fn send(session: Detached<Shop>) -> Result<(), Error> {
///     // … minutes later:
///     session.update(|session| session.orders += 1).await
/// }
/// ```
pub struct Detached<S: Schema> {
    engine: Arc<Engine>,
    loaded: Option<LoadedSession>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Tracked<S> {
    /// A session for work that outlives the request. Unsaved changes of this one are not in it.
    ///
    /// A session that is not stored yet has nothing to detach from: call [`commit`](Tracked::commit) first.
    ///
    /// ```
    /// # use session::{Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { orders: u64 }
    /// async fn order(mut session: Session<Shop>) -> Result<(), Error> {
    ///     session.commit().await?;
    ///     let detached = session.detach();
    ///     tokio::spawn(async move { detached.update(|session| session.orders += 1).await });
    ///     Ok(())
    /// }
    /// ```
    pub fn detach(&self) -> Detached<S> {
        Detached { engine: Arc::clone(&self.request.engine), loaded: self.request.loaded(), schema: PhantomData }
    }
}

impl<S: Schema> Detached<S> {
    /// Runs `change` on the session as it is stored now, and commits what it did. If another request commits first,
    /// `change` runs once more on the new state.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Gone`] if the session has ended or was never stored: call `commit().await` before `detach()` for a
    /// new one. [`ErrorKind::Superseded`] if there was a login, logout or rotation since. [`ErrorKind::Misconfigured`]
    /// if `change` itself logs in, logs out or rotates, and for every session that lives in its cookie: no response can
    /// carry the new cookie. Any error of [`Tracked::update`].
    ///
    /// ```
    /// # use session::{Detached, Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { orders: u64 }
    /// async fn shipped(session: Detached<Shop>) -> Result<u64, Error> {
    ///     session
    ///         .update(|session| {
    ///             session.orders += 1;
    ///             session.orders
    ///         })
    ///         .await
    /// }
    /// ```
    pub async fn update<R>(&self, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error> {
        let changed = self.try_update(|session| Ok::<R, Infallible>(change(session))).await?;
        Ok(changed.unwrap_or_else(|never| match never {}))
    }

    /// As [`update`](Self::update), for a change that can refuse: if `change` returns an error, nothing that it did is
    /// stored, and the error is returned inside the `Ok` of the update itself.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update).
    ///
    /// ```
    /// # use session::{Detached, Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { orders: u64 }
    /// async fn cancelled(session: Detached<Shop>) -> Result<bool, Error> {
    ///     let cancelled = session
    ///         .try_update(|session| {
    ///             session.orders = session.orders.checked_sub(1).ok_or("no order")?;
    ///             Ok::<(), &str>(())
    ///         })
    ///         .await?;
    ///     Ok(cancelled.is_ok())
    /// }
    /// ```
    pub async fn try_update<R, E>(
        &self,
        mut change: impl FnMut(&mut S::Handle) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        if self.engine.lives_in_cookie() {
            return Err(in_cookie::<S>());
        }
        let loaded = self.loaded.clone().ok_or_else(never_stored::<S>)?;
        let request = Arc::new(RequestSession::detached(Arc::clone(&self.engine), Some(loaded)));
        let mut session = Tracked::<S>::new(request)?;
        session
            .try_update(|session| {
                let result = change(session);
                session.refuse_privilege_change();
                result
            })
            .await
    }
}

impl<S: Schema> Tracked<S> {
    fn refuse_privilege_change(&mut self) {
        // Whether this is in time, the update checks itself.
        let _ = self.flush_changes();
        if self.request.changes_privilege() {
            let message = "a detached session cannot log in, log out or rotate, nor change a `user` or `rotate` field: \
                           no response carries the new cookie";
            self.request.fail(Error::new(ErrorKind::Misconfigured, message));
        }
    }
}

impl<S: Schema> Clone for Detached<S> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), loaded: self.loaded.clone(), schema: PhantomData }
    }
}

impl<S: Schema> fmt::Debug for Detached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").field("id", &self.loaded.as_ref().map(|loaded| loaded.id)).finish_non_exhaustive()
    }
}

#[cold]
fn in_cookie<S: Schema>() -> Error {
    let message = format!(
        "session `{}` lives in its cookie: a detached session needs a server-side store, because no response carries \
         its new cookie",
        S::NAME
    );
    Error::new(ErrorKind::Misconfigured, message)
}

#[cold]
fn never_stored<S: Schema>() -> Error {
    let message =
        format!("session `{}` was not stored when it was detached: call `commit().await` before `detach()`", S::NAME);
    Error::new(ErrorKind::Gone, message)
}
