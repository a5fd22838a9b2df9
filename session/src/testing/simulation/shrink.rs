//! Reduces a failing run to the requests, steps and faults that are needed.

use std::fmt::Debug;

use super::choices::Choices;
use super::plan::Plan;
use super::run::run;
use super::world::World;

/// Runs that the reduction may take.
const MAX_RUNS: u32 = 6_000;
/// Other orders that are tried when a smaller plan does not fail with the order of the larger one.
const ORDERS: u64 = 60;

/// A failing run.
pub(super) struct Failing<Step> {
    pub(super) plan: Plan<Step>,
    pub(super) tape: Vec<u32>,
    pub(super) rule: String,
}

struct Shrink<'a, Step> {
    world: &'a World<Step>,
    best: Failing<Step>,
    left: u32,
    /// How many closing requests the best run has.
    closing: usize,
}

/// What comes before the first `:` in the text of a violation.
fn name(rule: &str) -> &str {
    rule.split(':').next().unwrap_or_default()
}

/// A smaller run that breaks the same rule.
pub(super) fn shrink<Step: Clone + Debug + 'static>(world: &World<Step>, failing: Failing<Step>) -> Failing<Step> {
    let mut shrink = Shrink { world, best: failing, left: MAX_RUNS, closing: 0 };
    loop {
        let before = shrink.left;
        let smaller = shrink.settings() | shrink.requests() | shrink.steps();
        if !smaller || shrink.left == 0 || before == shrink.left {
            break;
        }
    }
    shrink.closing();
    shrink.tape();
    shrink.best
}

impl<Step: Clone + Debug + 'static> Shrink<'_, Step> {
    /// Whether `plan` breaks the rule too, in the known order or in another one. Then it is the best one.
    fn try_plan(&mut self, plan: &Plan<Step>) -> bool {
        let tape = self.best.tape.clone();
        if self.try_choices(plan, Choices::replay(tape)) {
            return true;
        }
        (0..ORDERS).any(|order| self.try_choices(plan, Choices::new(self.best.plan.seed ^ (order << 20))))
    }

    fn try_choices(&mut self, plan: &Plan<Step>, choices: Choices) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let finished = run(self.world, plan, choices, false);
        let Some(rule) = finished.violation.filter(|rule| name(rule) == name(&self.best.rule)) else { return false };
        self.closing = finished.closing;
        self.best = Failing { plan: plan.clone(), tape: finished.tape, rule };
        true
    }

    fn settings(&mut self) -> bool {
        let mut smaller = false;
        let count = self.best.plan.faults.rates().len();
        for index in 0..count {
            let mut plan = self.best.plan.clone();
            let rate = plan.faults.rates().into_iter().nth(index);
            let was = rate.map_or(0, std::mem::take);
            smaller |= was > 0 && self.try_plan(&plan);
        }
        if self.best.plan.faults.skew > 0 {
            let mut plan = self.best.plan.clone();
            plan.faults.skew = 0;
            smaller |= self.try_plan(&plan);
        }
        while self.best.plan.processes > 1 {
            let mut plan = self.best.plan.clone();
            plan.processes -= 1;
            if !self.try_plan(&plan) {
                break;
            }
            smaller = true;
        }
        while self.best.plan.concurrency > 1 {
            let mut plan = self.best.plan.clone();
            plan.concurrency -= 1;
            if !self.try_plan(&plan) {
                break;
            }
            smaller = true;
        }
        smaller
    }

    fn requests(&mut self) -> bool {
        let mut smaller = false;
        for index in (0..self.best.plan.requests.len()).rev() {
            let mut plan = self.best.plan.clone();
            plan.requests.remove(index);
            smaller |= self.try_plan(&plan);
        }
        smaller
    }

    fn closing(&mut self) {
        let plan = self.best.plan.clone();
        let tape = self.best.tape.clone();
        self.try_choices(&plan, Choices::replay(tape));
        for index in 0..self.closing {
            let mut plan = self.best.plan.clone();
            plan.left_out.push(index);
            let tape = self.best.tape.clone();
            self.try_choices(&plan, Choices::replay(tape));
        }
    }

    /// A request without a step is left out as a whole instead.
    fn steps(&mut self) -> bool {
        let mut smaller = false;
        for index in (0..self.best.plan.requests.len()).rev() {
            let length = self.best.plan.requests.get(index).map_or(0, |planned| planned.steps.len());
            for step in (0..length).rev() {
                let mut plan = self.best.plan.clone();
                if let Some(planned) =
                    plan.requests.get_mut(index).filter(|planned| planned.steps.len() > 1 && step < planned.steps.len())
                {
                    planned.steps.remove(step);
                    smaller |= self.try_plan(&plan);
                }
            }
        }
        smaller
    }

    /// Replaces decisions by the simplest ones: first many at once, then single ones.
    fn tape(&mut self) {
        let mut length = self.best.tape.len().max(1);
        while length > 0 {
            let mut start = 0;
            while start < self.best.tape.len() && self.left > 0 {
                let mut tape = self.best.tape.clone();
                let mut changes = false;
                for choice in tape.iter_mut().skip(start).take(length) {
                    changes |= std::mem::take(choice) != 0;
                }
                if changes {
                    let plan = self.best.plan.clone();
                    self.try_choices(&plan, Choices::replay(tape));
                }
                start += length;
            }
            length /= 2;
        }
    }
}
