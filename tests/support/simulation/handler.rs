//! The handler: it carries out the steps that its request brings.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use axum::extract::{Extension, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use session::Session;
use session::testing::{pause, record};

use super::facts::{Fact, Privilege};
use super::steps::{Field, How, Inside, Step};
use super::{Program, Simulated, View};

/// The payload of a panic that no layer catches.
pub(super) struct Uncaught;

struct Handle {
    session: Session<Simulated>,
    /// The user was assigned directly, and the handle may show fields of the user before.
    is_assigned: bool,
    /// How many changes of privilege the request had when the handle was made.
    privileges: usize,
}

/// What all handles of a request share.
struct Context {
    parts: Parts,
    /// The handles that have changed the user, or ended the session, in order.
    privileges: Mutex<Vec<usize>>,
}

impl Context {
    fn privileges(&self) -> MutexGuard<'_, Vec<usize>> {
        self.privileges.lock().unwrap()
    }

    /// Whether another handle has changed the user before this one had its values. That handle may still hold the new
    /// user back, so what this one shows as the user is not the request's user.
    fn is_unclear(&self, number: usize, privileges: usize) -> bool {
        self.privileges().iter().take(privileges).any(|other| *other != number)
    }
}

type Handles = [Option<Handle>; 3];
type Branch = Pin<Box<dyn Future<Output = Result<(), Response>> + Send>>;

pub(super) async fn handle(Extension(Program(steps)): Extension<Program>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let context = Arc::new(Context { parts, privileges: Mutex::default() });
    let (first, forked) = match steps.iter().position(|step| *step == Step::Fork) {
        Some(at) => (steps[..at].to_vec(), steps[at + 1..].to_vec()),
        None => (steps.clone(), Vec::new()),
    };
    let mut handles = Handles::default();
    let mut done = run(&context, &mut handles, first, false).await;
    if done.is_ok() && !forked.is_empty() {
        done = fork(&context, handles, &forked).await;
    } else {
        drop_all(&mut handles);
    }
    let response = match done {
        Ok(()) if steps.contains(&Step::Fail) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(()) => StatusCode::OK.into_response(),
        Err(response) => response,
    };
    record(Fact::Responds(response.status().as_u16()));
    response
}

fn drop_all(handles: &mut Handles) {
    for (number, handle) in handles.iter_mut().enumerate() {
        if let Some(handle) = handle.take() {
            drop(handle);
            record(Fact::Dropped(number));
        }
    }
}

/// Runs the steps of each handle concurrently with those of the others.
async fn fork(context: &Arc<Context>, handles: Handles, steps: &[Step]) -> Result<(), Response> {
    let mut branches: Vec<Option<Branch>> = Vec::new();
    for (number, handle) in handles.into_iter().enumerate() {
        let own = |step: &&Step| step.handle().unwrap_or(0) == number;
        let steps: Vec<Step> = steps.iter().filter(own).copied().collect();
        let context = Arc::clone(context);
        branches.push(Some(Box::pin(async move {
            let mut handles = Handles::default();
            handles[number] = handle;
            let done = run(&context, &mut handles, steps, true).await;
            drop_all(&mut handles);
            done
        })));
    }
    let mut result = Ok(());
    poll_fn(|context| {
        for branch in &mut branches {
            if let Some(future) = branch
                && let Poll::Ready(done) = future.as_mut().poll(context)
            {
                *branch = None;
                result = std::mem::replace(&mut result, Ok(())).and(done);
            }
        }
        if branches.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    result
}

async fn run(context: &Context, handles: &mut Handles, steps: Vec<Step>, is_forked: bool) -> Result<(), Response> {
    for step in steps {
        if is_forked {
            pause().await;
        }
        match step {
            Step::Pause => pause().await,
            Step::Fork | Step::Fail => {},
            Step::Panic => {
                record(Fact::Panics);
                // Without the message that a panic prints.
                std::panic::resume_unwind(Box::new(()));
            },
            Step::PanicThrough => {
                record(Fact::Panics);
                std::panic::resume_unwind(Box::new(Uncaught));
            },
            Step::Drop(number) => {
                if let Some(handle) = handles[number].take() {
                    drop(handle);
                    record(Fact::Dropped(number));
                }
            },
            step => {
                let Some(number) = step.handle() else { continue };
                let is_new = handles[number].is_none();
                if is_new {
                    let session = Session::<Simulated>::from_request_parts(&mut context.parts.clone(), &()).await;
                    let session = session.map_err(|rejection| rejection.into_response())?;
                    record(Fact::Sees(number, View::of(&session)));
                    let privileges = context.privileges().len();
                    handles[number] = Some(Handle { session, is_assigned: false, privileges });
                }
                if !(is_new && matches!(step, Step::Read(_))) {
                    with_handle(context, handles, number, step).await;
                }
            },
        }
    }
    Ok(())
}

async fn with_handle(context: &Context, handles: &mut Handles, number: usize, step: Step) {
    let Some(mut handle) = handles[number].take() else { return };
    let id = handle.session.id();
    if step.resets() {
        context.privileges().push(number);
    }
    let is_unclear_in_update = context.is_unclear(number, usize::MAX);
    let clear = |session: &Session<Simulated>| (!is_unclear_in_update).then_some(session.user);
    match step {
        Step::Read(_) => {
            if !handle.is_assigned {
                record(Fact::Sees(number, View::of(&handle.session)));
            }
        },
        Step::Mark(_, field, mark) => {
            let is_unclear = handle.is_assigned || context.is_unclear(number, handle.privileges);
            let owner = (!is_unclear).then_some(handle.session.user);
            put(&mut handle.session, field, mark);
            record(Fact::Marked { handle: number, field, mark, session: id, owner });
        },
        Step::Login(_, user) => {
            handle.session.login(user);
            record(Fact::Privilege { session: id, what: Privilege::Login(user) });
        },
        Step::LoginAgain(_) => {
            if let Some(user) = handle.session.user {
                handle.session.login(user);
                record(Fact::Privilege { session: id, what: Privilege::Login(user) });
            }
        },
        Step::Logout(_) => {
            handle.session.logout();
            record(Fact::Privilege { session: id, what: Privilege::Logout });
        },
        Step::Rotate(_) => {
            handle.session.rotate();
            record(Fact::Privilege { session: id, what: Privilege::Rotate });
        },
        Step::Destroy(_) => {
            handle.session.destroy();
            record(Fact::Privilege { session: id, what: Privilege::Destroy });
            record(Fact::Dropped(number));
            return;
        },
        Step::Assign(_, user, how) => assign(&mut handle, user, how).await,
        Step::Commit(_) | Step::CommitOrNot(_) => {
            record(Fact::CommitBegins(number));
            let result = match step {
                Step::Commit(_) => Some(handle.session.commit().await),
                _ => until_paused(handle.session.commit()).await,
            };
            match result {
                Some(result) => {
                    if result.is_ok() {
                        handle.is_assigned = false;
                    }
                    let (result, session) = (result.map_err(|error| error.kind()), handle.session.id());
                    record(Fact::CommitEnds { handle: number, result, session });
                },
                None => record(Fact::Abandons),
            }
        },
        Step::Update(_, field, mark, inside) => {
            let mut other = match inside {
                Inside::Drop(other) => handles[other].take().map(|handle| (other, handle)),
                _ => None,
            };
            record(Fact::UpdateBegins(mark));
            let result = handle
                .session
                .update(|session| {
                    if let Some((number, other)) = other.take() {
                        drop(other);
                        record(Fact::Dropped(number));
                    }
                    match inside {
                        Inside::Login(user) => session.login(user),
                        Inside::Logout => session.logout(),
                        Inside::Nothing | Inside::Drop(_) => {},
                    }
                    record(Fact::Updating { mark, owner: clear(session) });
                    put(session, field, mark);
                })
                .await;
            ends_update(&mut handle, mark, result);
        },
        Step::UpdateOrNot(_, field, mark) => {
            record(Fact::UpdateBegins(mark));
            let result = until_paused(handle.session.update(|session| {
                record(Fact::Updating { mark, owner: clear(session) });
                put(session, field, mark);
            }))
            .await;
            match result {
                Some(result) => ends_update(&mut handle, mark, result),
                None => record(Fact::Abandons),
            }
        },
        Step::Detach(_, field, mark) => {
            let detached = handle.session.detach();
            let is_unclear = !context.privileges().is_empty();
            record(Fact::UpdateBegins(mark));
            tokio::spawn(async move {
                let result = detached
                    .update(|session| {
                        record(Fact::Updating { mark, owner: (!is_unclear).then_some(session.user) });
                        put(session, field, mark);
                    })
                    .await;
                record(Fact::UpdateEnds { mark, result: result.map_err(|error| error.kind()), session: id });
            });
        },
        Step::Drop(_) | Step::Pause | Step::Fork | Step::Fail | Step::Panic | Step::PanicThrough => {},
    }
    handles[number] = Some(handle);
}

fn ends_update(handle: &mut Handle, mark: u64, result: Result<(), session::Error>) {
    // The handle has the stored values, whatever the outcome.
    handle.is_assigned = false;
    let (result, session) = (result.map_err(|error| error.kind()), handle.session.id());
    record(Fact::UpdateEnds { mark, result, session });
}

fn put(session: &mut Session<Simulated>, field: Field, mark: u64) {
    match field {
        Field::Marks => {
            session.count += 1;
            session.marks.push(mark);
        },
        Field::Cart => session.cart_mut().push(mark),
        Field::Surviving => {
            session.add_total(1);
            session.kept_mut().push(mark);
        },
        Field::Plain => session.set_plain(mark),
        Field::Notice => session.set_notice(Some(mark)),
    }
}

async fn assign(handle: &mut Handle, user: Option<u64>, how: How) {
    match how {
        How::Field => handle.session.user = user,
        How::Setter => handle.session.set_user(user),
        How::Borrow => *handle.session.user_mut() = user,
        How::Key => handle.session.set(Simulated::USER, user),
        How::InUpdate => {
            record(Fact::UpdateBegins(0));
            let result = handle.session.update(|session| session.user = user).await;
            ends_update(handle, 0, result);
            return;
        },
    }
    record(Fact::Assigned(user));
    handle.is_assigned = true;
}

/// `None` if the simulation decides to stop waiting for `future`.
async fn until_paused<F: Future>(future: F) -> Option<F::Output> {
    let (mut future, mut paused) = (pin!(future), pin!(pause()));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => paused.as_mut().poll(context).map(|()| None),
    })
    .await
}
