//! Exact updates: a change that is made on the session as it is stored, and again until nobody has come between.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::contest::Contest;
use crate::delta::Delta;
use crate::error::{Error, ErrorKind};
use crate::line::Work;
use crate::manager::{Live, Manager, exhausted, gone, superseded};
use crate::request::Request;
use crate::schema::{Handle, Schema};
use crate::store::Committed;
use crate::token::Token;
use crate::tracked::{Tracked, too_late};
use crate::uncancelled::Uncancelled;

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
    if request.manager.is_sealed() && !request.manager.last_wins() {
        return Err(sealed::<S>("or `.dangerous_last_cookie_wins()`"));
    }
    if request.is_finished() {
        return Err(too_late::<S>("an update"));
    }
    // What was changed before is not part of it.
    handle.tracked_mut().commit().await?;
    let updated = match request.live() {
        Some(live) => replace::<S, R>(handle, &request, live, &mut change).await,
        None => begin::<S, R>(handle, &request, &mut change).await,
    };
    if updated.is_err() {
        // Else the next change of the same field would save this one along with it.
        handle.tracked_mut().reload()?;
    }
    updated
}

/// The first write of a session: there is nobody to come between, unless another handle of this request stores it first.
async fn begin<S, R>(
    handle: &mut S::Handle,
    request: &Arc<Request>,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<R, Error>
where
    S: Schema,
{
    let (result, delta) = run::<S, R>(handle, request, change)?;
    let begun = Arc::clone(request).begin(delta);
    if Uncancelled::new(Box::pin(begun)).await? {
        handle.tracked_mut().reload()?;
        return Ok(result);
    }
    match request.live() {
        Some(live) => replace::<S, R>(handle, request, live, change).await,
        None => Err(gone()),
    }
}

async fn replace<S, R>(
    handle: &mut S::Handle,
    request: &Arc<Request>,
    Live { id, record: known }: Live,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<R, Error>
where
    S: Schema,
{
    let manager = &request.manager;
    // A session in its cookie is nobody else's: each request has brought its own.
    let mut lead = match manager.is_sealed() {
        true => None,
        false => Some(manager.enter_alone(id).await?),
    };
    let latest = lead.as_mut().and_then(|lead| lead.latest.take());
    let latest = latest.filter(|latest| latest.revision() > known.revision());
    let mut current = latest.unwrap_or_else(|| Arc::clone(&known));
    let mut contest = Contest::new(lead.as_ref().and_then(|lead| lead.since));
    loop {
        if current.epoch() != known.epoch() {
            return Err(superseded());
        }
        // Not what came along: in its cookie, it would be sent back although nothing has changed.
        if !Arc::ptr_eq(&current, &known) {
            request.committed(Live { id, record: Arc::clone(&current) }, None)?;
        }
        let (result, delta) = run::<S, R>(handle, request, change)?;
        if delta.is_empty() {
            if let Some(lead) = &mut lead {
                lead.latest = Some(current);
            }
            handle.tracked_mut().reload()?;
            return Ok(result);
        }
        if request.is_end(&current, &delta)? {
            let request = Arc::clone(request);
            Uncancelled::new(Box::pin(async move { request.end(id).await })).await?;
            handle.tracked_mut().reload()?;
            return Ok(result);
        }
        let token = delta.is_privilege_change().then(|| manager.renew(id)).transpose()?;
        let work = Work {
            delta: Arc::new(delta),
            base: Arc::clone(&current),
            verifier: token.as_ref().map(Token::verifier_hash),
        };
        let (committed, next) = Uncancelled::new(Box::pin({
            let (request, current) = (Arc::clone(request), Arc::clone(&current));
            async move { request.manager.replace(id, &current, &work).await }
        }))
        .await?;
        match committed {
            Committed::Applied => {
                let next = Arc::new(next);
                if let Some(lead) = &mut lead {
                    lead.latest = Some(Arc::clone(&next));
                }
                let id = token.as_ref().map_or(id, Token::id);
                request.committed(Live { id, record: next }, token)?;
                handle.tracked_mut().reload()?;
                return Ok(result);
            },
            Committed::Conflict(fresh) => current = Arc::new(*fresh),
            Committed::Superseded => return Err(superseded()),
            Committed::Gone => return Err(gone()),
        }
        if !contest.goes_on(manager.rng()).await {
            return Err(exhausted());
        }
    }
}

/// Runs `change` on the session as it is stored, and gives what it alone has done: what other handles have changed waits for the end
/// of the request.
fn run<S, R>(
    handle: &mut S::Handle,
    request: &Request,
    change: &mut impl FnMut(&mut S::Handle) -> R,
) -> Result<(R, Delta), Error>
where
    S: Schema,
{
    let others = request.take_delta()?;
    let ran = handle.tracked_mut().reload().and_then(|()| {
        let result = change(handle);
        handle.tracked_mut().hand_in_in_time().map(|()| result)
    });
    let own = request.take_own(others);
    ran.and_then(|result| Ok((result, own?)))
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
    manager: Arc<Manager>,
    live: Option<Live>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Detached<S> {
    pub(crate) fn new(manager: Arc<Manager>, live: Option<Live>) -> Self {
        Self { manager, live, schema: PhantomData }
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
        if self.manager.is_sealed() {
            return Err(sealed::<S>("since no response carries the new cookie"));
        }
        let live = self.live.clone().ok_or_else(gone)?;
        let request = Arc::new(Request::detached(Arc::clone(&self.manager), live));
        let mut handle = S::Handle::from(Tracked::new(Arc::clone(&request))?);
        update::<S, R>(&mut handle, |handle| {
            let result = change(handle);
            handle.tracked_mut().hand_in();
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
        Self { manager: Arc::clone(&self.manager), live: self.live.clone(), schema: PhantomData }
    }
}

impl<S: Schema> fmt::Debug for Detached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").field("id", &self.live.as_ref().map(|live| live.id)).finish_non_exhaustive()
    }
}
