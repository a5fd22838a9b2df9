//! [`Run`]: one run of a world, step by step.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::runtime::Runtime;

use super::choices::Choices;
use super::events::{self, event};
use super::faults::Faults;
use super::history::{Exchange, History, Outcome, set_cookies};
use super::network::{Entry, Network, Op, State, lock};
use super::plan::{Finished, Plan};
use super::process::{Process, SimulatedClock};
use super::record::set_network;
use super::world::{Answering, App, World};
use crate::base::clock::{Clock as _, Timestamp};
use crate::port::StoreError;

/// More steps than any run takes that makes progress.
const MAX_STEPS: u32 = 50_000;
/// The beginning of 2026, in milliseconds since the Unix epoch.
const BEGINNING: u64 = 1_767_225_600_000;

struct Run<'a, Step> {
    world: &'a World<Step>,
    plan: &'a Plan<Step>,
    faults: Faults,
    choices: Choices,
    network: Arc<Mutex<Network>>,
    time: Arc<AtomicU64>,
    processes: Vec<(u32, App<Step>)>,
    incarnations: u32,
    tasks: Vec<Task>,
    jars: Vec<BTreeMap<String, String>>,
    /// Every cookie that was ever set.
    issued: Vec<String>,
    history: History<Step>,
    started: usize,
    runtime: Runtime,
    violation: Option<String>,
}

struct Task {
    exchange: usize,
    process: u32,
    answering: Answering,
    flag: Arc<Flag>,
    waker: Waker,
}

/// Whether a task is ready to be polled.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Something that can happen next.
enum Action {
    Poll(usize),
    Call(usize),
    Start,
}

/// Runs `plan` in `world`, with the order of events and the faults that `choices` decides.
pub(super) fn run<Step: Clone + Debug + 'static>(
    world: &World<Step>,
    plan: &Plan<Step>,
    choices: Choices,
    keeps_trace: bool,
) -> Finished {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => runtime,
        Err(error) => return Finished::failed(format!("no runtime: {error}")),
    };
    let network = Arc::new(Mutex::new(Network::new((world.store)(), plan.faults.failover > 0)));
    events::begin(keeps_trace);
    set_network(Some(Arc::clone(&network)));
    let mut run = Run {
        world,
        plan,
        faults: plan.faults.clone(),
        choices,
        network,
        time: Arc::new(AtomicU64::new(BEGINNING)),
        processes: Vec::new(),
        incarnations: 0,
        tasks: Vec::new(),
        jars: vec![BTreeMap::new(); plan.browsers.try_into().unwrap_or(1)],
        issued: Vec::new(),
        history: History { exchanges: Vec::new(), records: Vec::new(), failovers: Vec::new() },
        started: 0,
        runtime,
        violation: None,
    };
    run.all();
    let Run { tasks, processes, history, violation, choices, runtime, issued, .. } = run;
    drop((tasks, processes));
    runtime.shutdown_background();
    set_network(None);
    let recorded = events::end();
    let history = History { records: recorded.records, ..history };
    let judged = || world.judge.as_ref().and_then(|judge| judge(&history).err());
    Finished {
        violation: violation.or_else(judged),
        tape: choices.into_tape(),
        trace: recorded.lines,
        requests: history.exchanges.len(),
        closing: plan.browsers.try_into().unwrap_or(1) + issued.len(),
        events: recorded.next,
    }
}

impl<Step: Clone + Debug + 'static> Run<'_, Step> {
    fn all(&mut self) {
        for _ in 0..self.plan.processes {
            let index = self.processes.len();
            self.start_process(index);
        }
        self.until_idle(self.plan.requests.len());
        if self.violation.is_none() {
            self.close();
        }
    }

    fn start_process(&mut self, index: usize) {
        let incarnation = self.incarnations;
        self.incarnations += 1;
        let skew = match self.faults.skew {
            0 => 0,
            skew => self.plan.seed.rotate_left(incarnation * 7) % u64::from(skew),
        };
        let process = Process {
            incarnation,
            seed: self.plan.seed.wrapping_add(u64::from(incarnation) << 32),
            network: Arc::clone(&self.network),
            clock: SimulatedClock { time: Arc::clone(&self.time), offset: skew },
            is_twin: self.plan.faults.twins,
        };
        match (self.world.start)(&process) {
            Ok(app) => match self.processes.get_mut(index) {
                Some(place) => *place = (incarnation, app),
                None => self.processes.push((incarnation, app)),
            },
            Err(error) => self.violation = Some(format!("the app does not start: {error}")),
        }
    }

    /// Runs until `requests` of the plan are done and nothing is under way.
    fn until_idle(&mut self, requests: usize) {
        let mut idle = 0;
        for _ in 0..MAX_STEPS {
            if self.violation.is_some() {
                return;
            }
            self.time.fetch_add(1, Ordering::Relaxed);
            self.run_spawned();
            self.mishap();
            match self.next_action(requests) {
                Some(action) => {
                    idle = 0;
                    self.act(&action);
                },
                None if self.tasks.is_empty() && self.runtime.metrics().num_alive_tasks() == 0 => return,
                None => {
                    // Only the time can continue what is under way.
                    idle += 1;
                    let pause = match idle {
                        1..4 => Duration::from_millis(10),
                        4 => Duration::from_secs(10),
                        5 => Duration::from_mins(10),
                        _ => {
                            if let Some(task) = self.tasks.first() {
                                let number = task.exchange;
                                self.violation = Some(format!("hang: request {number} never ends"));
                            }
                            return;
                        },
                    };
                    self.runtime.block_on(tokio::time::advance(pause));
                },
            }
        }
        self.violation = Some(format!("hang: {MAX_STEPS} steps without an end"));
    }

    /// Runs the tasks that the app has spawned, as far as they can go.
    fn run_spawned(&mut self) {
        if self.runtime.metrics().num_alive_tasks() > 0 {
            self.runtime.block_on(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    fn next_action(&mut self, requests: usize) -> Option<Action> {
        let mut actions: Vec<Action> = Vec::with_capacity(8);
        let ready = |(index, task): (usize, &Task)| task.flag.0.load(Ordering::Relaxed).then_some(Action::Poll(index));
        actions.extend(self.tasks.iter().enumerate().filter_map(ready));
        let network = lock(&self.network);
        let calls = network.calls.iter().enumerate();
        actions.extend(
            calls.filter(|(_, call)| !matches!(call.state, State::Arrived(_))).map(|(index, _)| Action::Call(index)),
        );
        drop(network);
        if self.started < requests && self.tasks.len() < self.plan.concurrency {
            actions.push(Action::Start);
        }
        let index = self.index(actions.len());
        (index < actions.len()).then(|| actions.swap_remove(index))
    }

    /// One of `count` things, or 0.
    fn index(&mut self, count: usize) -> usize {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        usize::try_from(self.choices.below(count)).unwrap_or_default()
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Poll(index) => self.poll(*index),
            Action::Call(index) => self.call(*index),
            Action::Start => {
                let Some(planned) = self.plan.requests.get(self.started) else { return };
                self.started += 1;
                let jar = self.jars.get(planned.browser);
                let pairs = jar.into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
                let cookie = Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookie| !cookie.is_empty());
                self.start(Some(planned.browser), &planned.steps.clone(), cookie, false);
            },
        }
    }

    fn start(&mut self, browser: Option<usize>, steps: &[Step], cookie: Option<String>, is_closing: bool) {
        let index = self.index(self.processes.len());
        let Some((process, app)) = self.processes.get(index) else { return };
        let (process, number) = (*process, self.history.exchanges.len());
        let began = event(|| {
            let from = browser.map_or_else(|| "an old cookie".to_owned(), |browser| format!("browser {browser}"));
            format!("request {number} of {from} to process {process}: {steps:?}")
        });
        let answering = {
            let _context = self.runtime.enter();
            events::with(|events| events.current = Some((number, process)));
            app(steps, cookie.as_deref())
        };
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        self.tasks.push(Task { exchange: number, process, answering, flag, waker });
        self.history.exchanges.push(Exchange {
            number,
            browser,
            process,
            steps: steps.to_vec(),
            cookie,
            began,
            ended: None,
            at: self.now(),
            ended_at: None,
            outcome: Outcome::UnderWay,
            is_delivered: false,
            is_closing,
        });
    }

    fn now(&self) -> Timestamp {
        SimulatedClock { time: Arc::clone(&self.time), offset: 0 }.now()
    }

    fn poll(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.flag.0.store(false, Ordering::Relaxed);
        events::with(|events| events.current = Some((task.exchange, task.process)));
        let polled = {
            let _context = self.runtime.enter();
            let mut context = Context::from_waker(&task.waker);
            catch_unwind(AssertUnwindSafe(|| task.answering.as_mut().poll(&mut context)))
        };
        events::with(|events| events.current = None);
        let outcome = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(response))) => Outcome::Answered(response),
            Ok(Poll::Ready(Err(error))) => Outcome::Failed(error),
            Err(_) => Outcome::Panicked,
        };
        self.end(index, outcome);
    }

    /// Ends the task at `index`. It is dropped where a server would drop it.
    fn end(&mut self, index: usize, outcome: Outcome) {
        let task = self.tasks.swap_remove(index);
        let number = task.exchange;
        let event = event(|| {
            let outcome = match &outcome {
                Outcome::Answered(response) => describe(response),
                other => format!("{other:?}"),
            };
            format!("request {number}: {outcome}")
        });
        let delivered = match &outcome {
            Outcome::Answered(response) => self.deliver(number, response),
            _ => false,
        };
        let crashed = matches!(outcome, Outcome::Crashed);
        let now = self.now();
        if let Some(exchange) = self.history.exchanges.get_mut(number) {
            exchange.ended_at = Some(now);
            (exchange.ended, exchange.outcome, exchange.is_delivered) = (Some(event), outcome, delivered);
        }
        if crashed {
            drop(task);
        } else {
            let _context = self.runtime.enter();
            drop(task);
        }
    }

    /// Brings the response to the browser, unless it is lost on its way.
    fn deliver(&mut self, number: usize, response: &Response<Bytes>) -> bool {
        let cookies = set_cookies(response);
        self.issued.extend(cookies.iter().filter(|cookie| !cookie.ends_with('=')).cloned());
        if self.choices.once_in(self.faults.lost_response) {
            event(|| format!("the response of request {number} is lost on its way"));
            return false;
        }
        let browser = self.history.exchanges.get(number).and_then(|exchange| exchange.browser);
        if let Some(jar) = browser.and_then(|browser| self.jars.get_mut(browser)) {
            for cookie in cookies {
                match cookie.split_once('=') {
                    Some((name, "")) => drop(jar.remove(name)),
                    Some((name, value)) => drop(jar.insert(name.to_owned(), value.to_owned())),
                    None => {},
                }
            }
        }
        true
    }

    /// Decides what happens to the call at `index`.
    fn call(&mut self, index: usize) {
        let mut network = lock(&self.network);
        let Some(call) = network.calls.get(index) else { return };
        let (number, is_abandoned, reads) = (call.number, call.is_abandoned, call.op.only_reads());
        let is_pause = matches!(call.op, Op::Pause);
        let answer = |network: &Network| network.calls.get(index).map(Entry::describe_answer).unwrap_or_default();
        match call.state {
            State::Arrived(_) => {},
            State::Applied(_) => {
                event(|| format!("call {number}: the answer arrives: {}", answer(&network)));
                network.answer(index);
            },
            State::AppliedOnce => {
                network.apply(index);
                event(|| format!("call {number} is applied a second time: {}", answer(&network)));
            },
            State::Sent if is_pause => {
                network.apply(index);
                network.answer(index);
            },
            State::Sent if is_abandoned => {
                if self.choices.once_in(2) {
                    event(|| format!("call {number} never arrives"));
                    network.calls.remove(index);
                } else {
                    network.apply(index);
                    event(|| format!("call {number} arrives late: {}", answer(&network)));
                    network.calls.remove(index);
                }
            },
            State::Sent => {
                let unanswered = |cause: &'static str| match reads {
                    true => StoreError::unavailable(cause),
                    false => StoreError::unknown(cause),
                };
                if self.choices.once_in(self.faults.refused) {
                    event(|| format!("call {number} is refused"));
                    network.fail(index, StoreError::unavailable("simulated: refused"), false);
                } else if self.choices.once_in(self.faults.lost_call) {
                    let stays = self.choices.once_in(2);
                    let what = if stays { "delayed: its caller stops waiting" } else { "lost" };
                    event(|| format!("call {number} is {what}"));
                    network.fail(index, unanswered("simulated: the call was lost"), stays);
                } else if self.choices.once_in(self.faults.lost_answer) {
                    network.apply(index);
                    event(|| format!("call {number} is applied, and its answer lost: {}", answer(&network)));
                    network.fail(index, unanswered("simulated: the answer was lost"), false);
                } else if !reads && self.choices.once_in(self.faults.duplicate) {
                    network.apply_once(index);
                    event(|| format!("call {number} is applied, and sent once more"));
                } else {
                    network.apply(index);
                    event(|| format!("call {number} is applied: {}", answer(&network)));
                }
            },
        }
    }

    /// What goes wrong between two steps, if anything.
    fn mishap(&mut self) {
        if self.choices.once_in(self.faults.cancel) && !self.tasks.is_empty() {
            // A task that was woken and not polled yet has something that is lost with it.
            let woken = self.tasks.iter().position(|task| task.flag.0.load(Ordering::Relaxed));
            let index = match woken.filter(|_| self.choices.once_in(2)) {
                Some(index) => index,
                None => self.index(self.tasks.len()),
            };
            self.end(index, Outcome::Cancelled);
        }
        if self.choices.once_in(self.faults.crash) {
            let index = self.index(self.processes.len());
            self.crash(index);
        }
        if self.choices.once_in(self.faults.clock) {
            const MOVES: [u64; 8] = [1, 5, 31, 1, 10, 31, 61, 1_200];
            let seconds = *self.choices.pick(&MOVES).unwrap_or(&1);
            event(|| format!("{seconds} seconds pass"));
            self.time.fetch_add(seconds * 1_000, Ordering::Relaxed);
        }
        if self.choices.once_in(self.faults.failover) {
            let writes = 1 + self.choices.below(3);
            let now = self.now();
            let lost = lock(&self.network).fail_over(usize::try_from(writes).unwrap_or(1), now);
            if lost > 0 {
                let event = event(|| format!("failover: the newest {lost} writes are lost"));
                self.history.failovers.push(event);
            }
        }
    }

    fn crash(&mut self, index: usize) {
        let Some((process, _)) = self.processes.get(index) else { return };
        let process = *process;
        event(|| format!("process {process} crashes"));
        lock(&self.network).kill(process);
        while let Some(index) = self.tasks.iter().position(|task| task.process == process) {
            self.end(index, Outcome::Crashed);
        }
        self.start_process(index);
    }

    /// Sends the closing requests, one after the other.
    fn close(&mut self) {
        let Some(steps) = &self.world.closing else { return };
        self.faults = Faults::none();
        event(|| "all requests are done; the closing ones begin".to_owned());
        let jars = self.jars.iter().enumerate().map(|(browser, jar)| {
            let pairs = jar.iter().map(|(name, value)| format!("{name}={value}"));
            (Some(browser), pairs.collect::<Vec<_>>().join("; "))
        });
        let mut cookies: Vec<_> = jars.collect();
        cookies.extend(self.issued.iter().map(|cookie| (None, cookie.clone())));
        for (index, (browser, cookie)) in cookies.into_iter().enumerate() {
            if self.plan.left_out.contains(&index) {
                continue;
            }
            self.start(browser, steps, Some(cookie).filter(|cookie| !cookie.is_empty()), true);
            self.until_idle(0);
        }
    }
}

fn describe(response: &Response<Bytes>) -> String {
    let cookies = set_cookies(response);
    let body = str::from_utf8(response.body()).unwrap_or("(no text)").lines().next().unwrap_or_default().to_owned();
    let cookies = if cookies.is_empty() { String::new() } else { format!(", sets {}", cookies.join(" and ")) };
    format!("{}{cookies} {body}", response.status())
}
