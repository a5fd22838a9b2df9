//! [`Choices`]: every decision of a simulation, taken from a seed or from a recorded tape.

use crate::testing::contract::rng::SeededRng;

/// The decisions of one run: reproducible random numbers that are recorded, so that a failing run can be replayed with
/// some of them changed. The function that makes the requests of a [`World`](super::World) draws from it too.
///
/// Zero is always the simplest decision: shrinking replaces decisions by zero.
///
/// ```
/// use session::testing::Choices;
///
/// let mut choices = Choices::new(7);
/// assert!(choices.below(3) < 3);
/// assert!(["/buy", "/redeem"].contains(choices.pick(&["/buy", "/redeem"]).unwrap()));
/// ```
#[derive(Debug)]
pub struct Choices {
    source: Source,
    tape: Vec<u32>,
}

#[derive(Debug)]
enum Source {
    Random(SeededRng),
    /// Beyond its end every decision is zero.
    Tape(std::vec::IntoIter<u32>),
}

impl Choices {
    /// The decisions that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { source: Source::Random(SeededRng::new(seed)), tape: Vec::new() }
    }

    /// The decisions of an earlier run.
    pub(super) fn replay(tape: Vec<u32>) -> Self {
        Self { source: Source::Tape(tape.into_iter()), tape: Vec::new() }
    }

    /// What was decided.
    pub(super) fn into_tape(self) -> Vec<u32> {
        self.tape
    }

    /// A number below `end`; 0 if `end` is 0 or 1.
    pub fn below(&mut self, end: u32) -> u32 {
        if end < 2 {
            return 0;
        }
        let number = match &mut self.source {
            Source::Random(rng) => u32::try_from(rng.below(end.into())).unwrap_or_default(),
            Source::Tape(tape) => tape.next().unwrap_or_default().min(end - 1),
        };
        self.tape.push(number);
        number
    }

    /// True with probability 1 / `times`, and never if `times` is 0.
    pub fn once_in(&mut self, times: u32) -> bool {
        times > 0 && (times == 1 || self.below(times) == times - 1)
    }

    /// One of `among`; `None` if it is empty.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        let index = self.below(u32::try_from(among.len()).unwrap_or(u32::MAX));
        among.get(usize::try_from(index).unwrap_or_default())
    }
}
