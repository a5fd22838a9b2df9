//! [`World`]: what is simulated.

use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::pin::{Pin, pin};

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::COOKIE;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::choices::Choices;
use super::faults::Faults;
use super::history::History;
use super::process::Process;
use crate::base::error::BoxError;
use crate::port::{DynStore, Store};

/// What [`simulate`](super::simulate()) runs: the store, the app of each process, the requests that browsers send, and
/// the judge.
///
/// A request is a list of steps, of a type of your own: one step is enough for an app with a route for each action. A
/// failure is reduced to the requests and steps that are needed for it.
pub struct World<Step> {
    pub(super) store: Box<dyn Fn() -> Box<dyn DynStore>>,
    pub(super) start: Start<Step>,
    pub(super) requests: Option<MakeSteps<Step>>,
    pub(super) closing: Option<Vec<Step>>,
    pub(super) judge: Option<Judge<Step>>,
    pub(super) processes: u32,
    pub(super) browsers: u32,
    pub(super) max_requests: u32,
    pub(super) faults: Faults,
    pub(super) reduces: bool,
}

type Start<Step> = Box<dyn Fn(&Process) -> Result<App<Step>, BoxError>>;
type MakeSteps<Step> = Box<dyn Fn(&mut Choices) -> Vec<Step>>;
type Judge<Step> = Box<dyn Fn(&History<Step>) -> Result<(), String>>;
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>>>>;
/// Sends a request with these steps and this `Cookie` header to the app of one process.
pub(super) type App<Step> = Box<dyn Fn(&[Step], Option<&str>) -> Answering>;

impl<Step: Clone + Debug + 'static> World<Step> {
    /// A world with three processes, two browsers, up to eight requests, and every fault across which the guarantees
    /// hold.
    ///
    /// `store` makes the store that all processes share. It must answer without waiting, as `MemoryStore` does: delays
    /// and faults are added by the simulation. `app` builds the service of one process, an axum `Router` for example,
    /// with the store, clock and random bytes of that [`Process`]. `request` makes the request for some steps; the
    /// browser adds its cookies.
    pub fn new<St, Svc, B, C, E>(
        store: impl Fn() -> St + 'static,
        app: impl Fn(&Process) -> Result<Svc, E> + 'static,
        request: impl Fn(&[Step]) -> Request<B> + Clone + 'static,
    ) -> Self
    where
        St: Store,
        Svc: Service<Request<B>, Response = Response<C>, Error: Debug, Future: 'static> + Clone + 'static,
        B: 'static,
        C: Body<Error: Debug> + 'static,
        E: Into<BoxError>,
    {
        let start = move |process: &Process| -> Result<App<Step>, BoxError> {
            let (service, request) = (app(process).map_err(Into::into)?, request.clone());
            Ok(Box::new(move |steps, cookie| {
                let mut request = request(steps);
                if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
                    request.headers_mut().insert(COOKIE, cookie);
                }
                Box::pin(answer(service.clone(), request))
            }))
        };
        Self {
            store: Box::new(move || Box::new(store())),
            start: Box::new(start),
            requests: None,
            closing: None,
            judge: None,
            processes: 3,
            browsers: 2,
            max_requests: 8,
            faults: Faults::all(),
            reduces: true,
        }
    }

    /// The steps of one request, drawn from `choices`.
    #[must_use]
    pub fn requests(mut self, steps: impl Fn(&mut Choices) -> Vec<Step> + 'static) -> Self {
        self.requests = Some(Box::new(steps));
        self
    }

    /// The steps of a request that is sent when all others are done, without faults: once with each browser's cookies,
    /// and once with each cookie that was ever set.
    #[must_use]
    pub fn closing(mut self, steps: impl Into<Vec<Step>>) -> Self {
        self.closing = Some(steps.into());
        self
    }

    /// Judges each run. An `Err` is a violation; the text before the first `:` names the rule that was broken, and a
    /// failure is only reduced to another failure of that rule.
    #[must_use]
    pub fn judge(mut self, judge: impl Fn(&History<Step>) -> Result<(), String> + 'static) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// How many processes serve the app. Default: 3.
    #[must_use]
    pub fn processes(mut self, processes: u32) -> Self {
        self.processes = processes.max(1);
        self
    }

    /// How many browsers send requests, each with its own cookies, and each several at once. Default: 2.
    #[must_use]
    pub fn browsers(mut self, browsers: u32) -> Self {
        self.browsers = browsers.max(1);
        self
    }

    /// How many requests a run has at most, without the closing ones. Default: 8.
    #[must_use]
    pub fn max_requests(mut self, requests: u32) -> Self {
        self.max_requests = requests.max(1);
        self
    }

    /// Whether a failing run is reduced to what is needed for the failure, which can take a second. Default: `true`.
    #[must_use]
    pub fn reduce(mut self, reduces: bool) -> Self {
        self.reduces = reduces;
        self
    }

    /// What can go wrong. Default: [`Faults::all`].
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
}

async fn answer<Svc, B, C>(mut service: Svc, request: Request<B>) -> Result<Response<Bytes>, String>
where
    Svc: Service<Request<B>, Response = Response<C>, Error: Debug>,
    C: Body<Error: Debug>,
{
    poll_fn(|context| service.poll_ready(context)).await.map_err(|error| format!("{error:?}"))?;
    let response = service.call(request).await.map_err(|error| format!("{error:?}"))?;
    let (head, body) = response.into_parts();
    let (mut body, mut bytes) = (pin!(body), BytesMut::new());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        if let Ok(mut data) = frame.map_err(|error| format!("{error:?}"))?.into_data() {
            let length = data.remaining();
            bytes.extend_from_slice(&data.copy_to_bytes(length));
        }
    }
    Ok(Response::from_parts(head, bytes.freeze()))
}

impl<Step> Debug for World<Step> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("processes", &self.processes)
            .field("browsers", &self.browsers)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
