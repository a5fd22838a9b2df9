//! Exact updates: a change that is made on the session as it is stored, and again until nobody has come between.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind};
use crate::data::schema::{Handle, Schema};
use crate::engine::commit::{Engine, LoadedSession, exhausted, gone, superseded};
use crate::engine::delta::Delta;
use crate::engine::handle::tracked::{Tracked, too_late};
use crate::engine::request::{Replaced, RequestSession};
use crate::engine::retry::RetryPolicy;
use crate::engine::run_to_completion::RunToCompletion;

/// Runs `change` on the session as it is stored, and commits what it did only if nobody else has written meanwhile; else once
/// more, on the fresh one.
///
/// # Errors
///
/// Any; see [`ErrorKind`]. Then nothing that `change` did is stored or stays in the handle.
pub async fn update<S, R>(handle: &mut S::Handle, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error>
where
    S: Schema,
{
    let request = Arc::clone(handle.tracked().request());
    if request.engine.is_sealed() && !request.engine.last_wins() {
        return Err(sealed::<S>("or `.dangerous_last_cookie_wins()`"));
    }
    // What was changed before is not part of it.
    handle.tracked_mut().save().await?;
    // Whatever comes of it, and also if nobody waits for that: the handle sees what is stored.
    let attempt = Attempt::<S>(handle);
    if request.live().is_none()
        && let Some(result) = begin::<S, R>(attempt.0, &request, &mut change).await?
    {
        return Ok(result);
    }
    replace::<S, R>(attempt.0, &request, &mut change).await
}

/// A handle that must not keep what an update has done to it: else the next change of a field would save that along with it.
struct Attempt<'a, S: Schema>(&'a mut S::Handle);

impl<S: Schema> Drop for Attempt<'_, S> {
    fn drop(&mut self) {
        self.0.tracked_mut().refresh();
    }
}

/// The first write of a session. There is nobody to come between, unless another handle of this request stores it first: then `None`.
async fn begin<S, R>(
    handle: &mut S::Handle,
    request: &Arc<RequestSession>,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<Option<R>, Error>
where
    S: Schema,
{
    let (result, delta) = run::<S, R>(handle, request, change)?;
    let begun = RunToCompletion::new(Box::pin(Arc::clone(request).create_exact(delta))).await?;
    Ok(begun.then_some(result))
}

async fn replace<S, R>(
    handle: &mut S::Handle,
    request: &Arc<RequestSession>,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<R, Error>
where
    S: Schema,
{
    let engine = &request.engine;
    let live = || request.live().ok_or_else(gone);
    // A session in its cookie is nobody else's: each request has brought its own.
    let mut lead = match engine.is_sealed() {
        true => None,
        false => Some(engine.enter_alone(live()?.id).await?),
    };
    // Only now: another handle may have changed it meanwhile.
    let LoadedSession { mut id, record: mut known } = live()?;
    let latest = lead.as_mut().and_then(|lead| lead.latest.take());
    let latest = latest.filter(|latest| latest.revision() > known.revision());
    let mut is_fresh = latest.is_some() || engine.is_sealed();
    let mut current = latest.unwrap_or_else(|| Arc::clone(&known));
    let mut retry = RetryPolicy::new(lead.as_ref().and_then(|lead| lead.since));
    loop {
        if current.epoch() != known.epoch() {
            return Err(superseded());
        }
        // Not what came along: in its cookie, it would be sent back although nothing has changed.
        if !Arc::ptr_eq(&current, &known) {
            request.committed(LoadedSession { id, record: Arc::clone(&current) }, None)?;
        }
        let (result, delta) = run::<S, R>(handle, request, change)?;
        if delta.is_empty() {
            let stored = match is_fresh {
                true => Arc::clone(&current),
                // What was decided not to change was perhaps decided on what has changed.
                false => engine.stored(id).await?.ok_or_else(gone)?,
            };
            is_fresh = true;
            if stored.revision() == current.revision() {
                if let Some(lead) = &mut lead {
                    lead.latest = Some(current);
                }
                return Ok(result);
            }
            current = stored;
            continue;
        }
        let write = Box::pin(Arc::clone(request).compare_and_set(id, Arc::clone(&current), delta));
        match RunToCompletion::new(write).await? {
            Replaced::Applied(next) => {
                if let Some(lead) = &mut lead {
                    lead.latest = Some(next);
                }
                return Ok(result);
            },
            Replaced::Conflict(fresh) => (current, is_fresh) = (fresh, true),
            Replaced::StaleBase => {
                LoadedSession { id, record: known } = live()?;
                current = Arc::clone(&known);
                continue;
            },
            Replaced::TooLate => return Err(too_late::<S>("an update")),
        }
        if !retry.should_retry(engine.rng()).await {
            return Err(exhausted());
        }
    }
}

/// Runs `change` on the session as it is stored, and gives what it alone has done: what other handles have changed waits for the end
/// of the request.
fn run<S, R>(
    handle: &mut S::Handle,
    request: &RequestSession,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<(R, Delta), Error>
where
    S: Schema,
{
    if request.is_finished() {
        return Err(too_late::<S>("an update"));
    }
    let aside = request.set_aside()?;
    handle.tracked_mut().reload()?;
    let result = change(handle);
    handle.tracked_mut().flush_changes()?;
    Ok((result, aside.own()?))
}

#[cold]
fn sealed<S: Schema>(or: &str) -> Error {
    let message = format!(
        "session `{}` lives in its cookie, where nothing can be compared and set: `update` needs a server's store, {or}",
        S::NAME
    );
    Error::new(ErrorKind::Misconfigured, message)
}

/// A session that is worked on outside of the request it came with: in a spawned task, a WebSocket, a stream.
pub struct Detached<S: Schema> {
    engine: Arc<Engine>,
    live: Option<LoadedSession>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Detached<S> {
    pub(crate) fn new(engine: Arc<Engine>, live: Option<LoadedSession>) -> Self {
        Self { engine, live, schema: PhantomData }
    }

    /// Runs `change` on the session as it is stored and commits what it did, once more from the start if somebody else wrote
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Gone`] if the session has ended or was never stored: call `commit().await` before `detach()` for a new
    /// one. [`ErrorKind::Superseded`] if there was a login, logout or rotation. [`ErrorKind::Misconfigured`] if `change`
    /// itself logs in, logs out or rotates, and for every session that lives in its cookie: there is no response that could carry
    /// the new one.
    pub async fn update<R>(&self, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error> {
        if self.engine.is_sealed() {
            return Err(sealed::<S>("since no response carries the new cookie"));
        }
        let live = self.live.clone().ok_or_else(gone)?;
        let request = Arc::new(RequestSession::detached(Arc::clone(&self.engine), live));
        let mut handle = S::Handle::from(Tracked::new(Arc::clone(&request))?);
        update::<S, R>(&mut handle, |handle| {
            let result = change(handle);
            // Whether it came in time, the update itself finds out.
            let _ = handle.tracked_mut().flush_changes();
            if request.changes_privilege() {
                let message = "a detached session cannot log in, log out, rotate or be destroyed: no response carries the new cookie";
                request.fail(Error::new(ErrorKind::Misconfigured, message));
            }
            result
        })
        .await
    }
}

impl<S: Schema> Clone for Detached<S> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), live: self.live.clone(), schema: PhantomData }
    }
}

impl<S: Schema> fmt::Debug for Detached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").field("id", &self.live.as_ref().map(|live| live.id)).finish_non_exhaustive()
    }
}
