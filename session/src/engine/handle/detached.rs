//! [`Detached`]: a session outside of the request that it came with.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::tracked::Tracked;
use super::update::{in_cookie, update};
use crate::base::error::{Error, ErrorKind};
use crate::data::schema::{Handle, Schema};
use crate::engine::load::LoadedSession;
use crate::engine::request::RequestSession;
use crate::engine::{Engine, gone};

/// A session outside of the request that it came with: for a spawned task, a WebSocket, a streamed body.
///
/// A handle's changes are committed before the response head leaves, so later changes would be lost. A detached session
/// commits each [`update`](Self::update) by itself. Cloning it is cheap.
///
/// ```
/// use session::{Error, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     exports: u64,
/// }
///
/// async fn export(mut session: Session<Shop>) -> Result<&'static str, Error> {
///     session.commit().await?; // a new session has no id before it is stored
///     let detached = session.detach();
///     tokio::spawn(async move {
///         // … a long calculation, then:
///         detached.update(|session| session.exports += 1).await
///     });
///     Ok("the export has begun")
/// }
/// ```
pub struct Detached<S: Schema> {
    engine: Arc<Engine>,
    loaded: Option<LoadedSession>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Detached<S> {
    pub(crate) fn new(engine: Arc<Engine>, loaded: Option<LoadedSession>) -> Self {
        Self { engine, loaded, schema: PhantomData }
    }

    /// Runs `change` on the session as it is stored now and commits the changes with one compare-and-set. If another
    /// writer commits first, it runs `change` again on the fresh session, so `change` must not have other effects.
    ///
    /// # Errors
    ///
    /// No change is stored after an error, but for [`ErrorKind::Unknown`], after which it may be.
    ///
    /// - [`ErrorKind::Gone`]: the session has ended or was never stored. Call `commit().await` before `detach()` for a new
    ///   session.
    /// - [`ErrorKind::Superseded`]: a login, logout or rotation came after `detach()`.
    /// - [`ErrorKind::Misconfigured`]: `change` itself logs in, logs out or rotates, or the session lives in its cookie: no
    ///   response carries the new cookie.
    /// - [`ErrorKind::Conflict`]: other writers committed first for five seconds.
    pub async fn update<R>(&self, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error> {
        if self.engine.lives_in_cookie() {
            return Err(in_cookie::<S>("because no response carries the new cookie"));
        }
        let loaded = self.loaded.clone().ok_or_else(gone)?;
        let request = Arc::new(RequestSession::detached(Arc::clone(&self.engine), loaded));
        let mut handle = S::Handle::from(Tracked::new(Arc::clone(&request))?);
        update::<S, R>(&mut handle, |handle| {
            let result = change(handle);
            // `update` itself finds out whether the changes came too late.
            let _ = handle.tracked_mut().flush_changes();
            if request.changes_privilege() {
                let message = "a detached session cannot log in, log out, rotate or be destroyed: no response carries \
                               the new cookie";
                request.fail(Error::new(ErrorKind::Misconfigured, message));
            }
            result
        })
        .await
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
