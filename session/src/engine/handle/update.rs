//! Exact updates: a closure runs on the session as it is stored, and again until no other commit comes in between.

use std::sync::Arc;

use super::tracked::too_late;
use crate::base::error::{Error, ErrorKind};
use crate::data::schema::{Handle, Schema};
use crate::engine::delta::Delta;
use crate::engine::load::LoadedSession;
use crate::engine::request::{Replaced, RequestSession};
use crate::engine::retry::RetryPolicy;
use crate::engine::run_to_completion::RunToCompletion;
use crate::engine::{conflict, gone, superseded};
use crate::port::Sharing;

/// Runs `change` on the session as it is stored and commits the changes if no other commit came first; otherwise runs it
/// again on the fresh session.
///
/// # Errors
///
/// Any kind of [`ErrorKind`]. Then no change of `change` is stored, and none stays in the handle.
pub async fn update<S, R>(handle: &mut S::Handle, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error>
where
    S: Schema,
{
    let request = Arc::clone(handle.tracked().request());
    if request.engine.backend().sharing() == (Sharing::PerRequest { last_wins: false }) {
        return Err(in_cookie::<S>("or `.dangerous_last_cookie_wins()`"));
    }
    // Earlier changes of the handle are no part of the update.
    handle.tracked_mut().save().await?;
    let attempt = Attempt::<S>(handle);
    if request.loaded().is_none()
        && let Some(result) = create::<S, R>(attempt.0, &request, &mut change).await?
    {
        return Ok(result);
    }
    replace::<S, R>(attempt.0, &request, &mut change).await
}

/// A handle during an update. When it is dropped, also because the caller is cancelled, the handle shows the session as
/// stored: otherwise the next change of a field would commit the changes of a failed update with it.
struct Attempt<'a, S: Schema>(&'a mut S::Handle);

impl<S: Schema> Drop for Attempt<'_, S> {
    fn drop(&mut self) {
        self.0.tracked_mut().refresh();
    }
}

/// The first commit of a session: no other process knows its id. `None` if another handle of this request created it first.
async fn create<S, R>(
    handle: &mut S::Handle,
    request: &Arc<RequestSession>,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<Option<R>, Error>
where
    S: Schema,
{
    let (result, delta) = run::<S, R>(handle, request, change)?;
    let created = RunToCompletion::new(Box::pin(Arc::clone(request).create_exact(delta))).await?;
    Ok(created.then_some(result))
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
    let loaded = || request.loaded().ok_or_else(gone);
    let mut leader = engine.exclusive(loaded()?.id).await?;
    // Read after the wait, during which another handle may have committed.
    let LoadedSession { mut id, record: mut known } = loaded()?;
    let latest = leader.as_mut().and_then(|leader| leader.latest.take());
    let latest = latest.filter(|latest| latest.revision() > known.revision());
    // Whether `current` is known to be what is stored now. A record that came in its cookie always is.
    let mut is_fresh = latest.is_some() || leader.is_none();
    let mut current = latest.unwrap_or_else(|| Arc::clone(&known));
    let mut retry = RetryPolicy::new(leader.as_ref().and_then(|leader| leader.since));
    loop {
        if current.epoch() != known.epoch() {
            return Err(superseded());
        }
        // Not for the loaded record itself: in its cookie, it would be set again although nothing has changed.
        if !Arc::ptr_eq(&current, &known) {
            request.committed(LoadedSession { id, record: Arc::clone(&current) }, None)?;
        }
        let (result, delta) = run::<S, R>(handle, request, change)?;
        if delta.is_empty() {
            let stored = match is_fresh {
                true => Arc::clone(&current),
                // The decision to change nothing must be based on the session as it is stored.
                false => engine.stored(id).await?.ok_or_else(gone)?,
            };
            is_fresh = true;
            if stored.revision() == current.revision() {
                if let Some(leader) = &mut leader {
                    leader.latest = Some(current);
                }
                return Ok(result);
            }
            current = stored;
            continue;
        }
        let write = Box::pin(Arc::clone(request).compare_and_set(id, Arc::clone(&current), delta));
        match RunToCompletion::new(write).await? {
            Replaced::Applied(next) => {
                if let Some(leader) = &mut leader {
                    leader.latest = Some(next);
                }
                return Ok(result);
            },
            Replaced::Conflict(fresh) => (current, is_fresh) = (fresh, true),
            Replaced::StaleBase => {
                LoadedSession { id, record: known } = loaded()?;
                current = Arc::clone(&known);
                continue;
            },
            Replaced::TooLate => return Err(too_late::<S>("an update")),
        }
        if !retry.should_retry(engine.rng()).await {
            return Err(conflict());
        }
    }
}

/// Runs `change` on the session as it is stored. Answers with its result and its own changes; the changes of other
/// handles wait for the end of the request.
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

/// The refusal of an update for a session that lives in its cookie; `remedy` says what to use in place of it.
#[cold]
pub(super) fn in_cookie<S: Schema>(remedy: &str) -> Error {
    let message = format!(
        "session `{}` lives in its cookie, where no compare-and-set is possible: `update` needs a server-side store, {remedy}",
        S::NAME
    );
    Error::new(ErrorKind::Misconfigured, message)
}
