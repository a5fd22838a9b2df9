//! A world for `session::testing::simulate` that uses everything a handler can do, and a judge that knows what must
//! come of it.

mod collect;
mod facts;
mod handler;
mod judge;
pub mod steps;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use session::testing::{Choices, Faults, Process, World};
use session::{ConfigError, MemoryStore, Session, Sessions};

pub use self::judge::RULES;
pub use self::steps::{Mix, Step};

/// One field of each kind that a reset or a merge treats in its own way. Each list has marks, which are unique; each
/// counter counts the marks of its list.
#[derive(Session)]
#[session(name = "simulated", lock = off, idle = "30m")]
pub struct Simulated {
    #[session(user)]
    pub user: Option<u64>,
    #[session(merge = counter)]
    pub count: u64,
    #[session(merge = log(1000))]
    pub marks: Vec<u64>,
    #[session(survive = login, merge = log(1000))]
    pub cart: Vec<u64>,
    #[session(survive, merge = counter)]
    pub total: u64,
    #[session(survive, merge = log(1000))]
    pub kept: Vec<u64>,
    pub plain: u64,
    #[session(flash)]
    pub notice: Option<u64>,
}

/// The fields that a handle shows.
#[derive(Clone, PartialEq, Eq)]
pub struct View {
    pub session: Option<session::SessionId>,
    pub user: Option<u64>,
    pub count: u64,
    pub marks: Vec<u64>,
    pub cart: Vec<u64>,
    pub total: u64,
    pub kept: Vec<u64>,
    pub plain: u64,
    pub notice: Option<u64>,
}

impl View {
    fn of(session: &Session<Simulated>) -> Self {
        let Simulated { user, count, marks, cart, total, kept, plain, notice } = &***session;
        Self {
            session: session.id(),
            user: *user,
            count: *count,
            marks: marks.clone(),
            cart: cart.clone(),
            total: *total,
            kept: kept.clone(),
            plain: *plain,
            notice: *notice,
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, user, count, marks, cart, total, kept, plain, notice } = self;
        match session {
            Some(session) => write!(f, "session {session:?}")?,
            None => write!(f, "no session")?,
        }
        write!(f, ", user {user:?}, marks {count} {marks:?}, cart {cart:?}, kept {total} {kept:?}")?;
        if *plain != 0 || notice.is_some() {
            write!(f, ", plain {plain}, notice {notice:?}")?;
        }
        Ok(())
    }
}

/// A world of random requests, judged by the rules for which `applies` holds.
pub fn world(mix: Mix, faults: Faults, applies: impl Fn(&str) -> bool + 'static) -> World<Step> {
    world_of(move |choices| steps::request(choices, mix), faults, applies)
}

/// A world of these requests.
pub fn world_of(
    requests: impl Fn(&mut Choices) -> Vec<Step> + 'static,
    faults: Faults,
    applies: impl Fn(&str) -> bool + 'static,
) -> World<Step> {
    World::new(MemoryStore::new, app, request)
        .faults(faults)
        .requests(requests)
        .closing(vec![Step::Read(0)])
        .judge(move |history| judge::judge(history, &applies))
}

fn app(process: &Process) -> Result<Router, ConfigError> {
    let sessions =
        Sessions::<Simulated>::builder().store(process.store()).clock(process.clock()).rng(process.rng()).build()?;
    Ok(Router::new().route("/", any(handler::handle)).layer(from_fn(catch)).layer(sessions))
}

/// The steps travel in the request's extensions.
#[derive(Clone)]
struct Program(Vec<Step>);

fn request(steps: &[Step]) -> Request {
    let mut request = Request::new(Body::empty());
    request.extensions_mut().insert(Program(steps.to_vec()));
    request
}

/// Turns a panic of the handler into a response, as a middleware for that does; but for a panic that is meant to reach
/// the server.
async fn catch(request: Request, next: Next) -> Response {
    let mut answering = pin!(next.run(request));
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
        Ok(polled) => polled,
        Err(panic) if panic.is::<handler::Uncaught>() => std::panic::resume_unwind(panic),
        Err(_) => Poll::Ready(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    })
    .await
}
