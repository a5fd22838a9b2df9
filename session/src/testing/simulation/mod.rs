//! A deterministic simulation of several server processes over one store.
//!
//! [`simulate`] runs the app of a [`World`] in simulated processes. Each process has its own `Sessions`: its own
//! engine, clock and random bytes. Browsers send requests with their cookies, several at once. One thread runs
//! everything, and a seed decides at every point what happens next: which request continues, which store call arrives,
//! is lost, refused, delayed or repeated, which client disconnects, which process crashes. No real time passes. The
//! store itself is a real one; only the way to it is simulated.
//!
//! | step | module |
//! |---|---|
//! | what is simulated | [`world`], [`faults`], [`process`] |
//! | every decision, from a seed or a recorded tape | [`choices`] |
//! | what a run is to do, and how it has ended | [`plan`](mod@plan) |
//! | one run: tasks, browsers, mishaps | [`run`] |
//! | the store calls under way, and their fates | [`network`] |
//! | what handlers tell the judge; the lines of the trace | [`record`](mod@record), [`events`] |
//! | what the judge sees | [`history`] |
//! | a failing run, reduced to what is needed | [`shrink`], [`report`] |

mod choices;
mod events;
mod faults;
mod history;
mod network;
mod plan;
mod process;
mod record;
mod report;
mod run;
mod shrink;
mod world;

use std::fmt::Debug;

pub use self::choices::Choices;
pub use self::faults::Faults;
pub use self::history::{Exchange, History, Outcome, session_of_cookie};
pub use self::process::{Process, SimulatedClock, SimulatedRng, SimulatedStore};
pub use self::record::{pause, record};
pub use self::report::{Simulated, SimulationViolation};
pub use self::world::World;

use self::plan::plan;
use self::run::run;
use self::shrink::{Failing, shrink};

/// Runs `world` once, with everything random decided by `seed`: the requests, the order of events and the faults.
///
/// The same seed gives the same run, as long as the app itself is deterministic: it takes time and random bytes from
/// its [`Process`], starts no threads, and does not wait for anything but the session, [`pause`] and tokio's timers.
///
/// Call it outside of a Tokio runtime, once for each of many seeds: each run takes about a millisecond in a release
/// build.
///
/// ```
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use session::testing::{Choices, History, Process, World, record, simulate};
/// use session::{ConfigError, MemoryStore, Session, Sessions};
/// use tower::util::BoxCloneSyncService;
/// use tower::{Layer, service_fn};
///
/// #[derive(Session)]
/// struct Shop {
///     vouchers: u64,
///     redeemed: u64,
/// }
///
/// #[derive(Debug)]
/// struct Redeemed;
///
/// type App = BoxCloneSyncService<Request<String>, Response<String>, session::Error>;
///
/// fn app(process: &Process) -> Result<App, ConfigError> {
///     let sessions =
///         Sessions::<Shop>::builder().store(process.store()).clock(process.clock()).rng(process.rng()).build()?;
///     Ok(BoxCloneSyncService::new(sessions.layer().layer(service_fn(async |request: Request<String>| {
///         let mut session = Sessions::<Shop>::extract(request.extensions(), request.headers()).await?;
///         session.update(|session| session.redeemed = 1).await?;
///         record(Redeemed);
///         Ok(Response::new(String::new()))
///     }))))
/// }
///
/// let world = World::new(MemoryStore::new, app, |steps: &[&str]| Request::new(steps.join(" ")))
///     .requests(|_| vec!["redeem"])
///     .judge(|history: &History<&str>| match history.exchanges().len() {
///         0 => Err("no request: nothing was simulated".into()),
///         _ => Ok(()),
///     });
/// for seed in 0..20 {
///     simulate(seed, &world).unwrap();
/// }
/// ```
///
/// # Errors
///
/// [`SimulationViolation`] if the judge of the world found a rule broken, a request never ended, or an app did not
/// start.
pub fn simulate<Step: Clone + Debug + 'static>(
    seed: u64,
    world: &World<Step>,
) -> Result<Simulated, SimulationViolation> {
    let plan = plan(seed, world);
    let finished = run(world, &plan, Choices::new(seed), false);
    let Some(rule) = finished.violation else {
        return Ok(Simulated { requests: finished.requests, events: finished.events });
    };
    let failing = Failing { plan, tape: finished.tape, rule };
    let smallest = if world.reduces { shrink(world, failing) } else { failing };
    let shown = run(world, &smallest.plan, Choices::replay(smallest.tape), true);
    let rule = shown.violation.unwrap_or(smallest.rule);
    Err(SimulationViolation { seed, rule, trace: shown.trace })
}
