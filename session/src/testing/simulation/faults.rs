//! [`Faults`]: what can go wrong in a simulation.

/// What can go wrong in a simulation, each with its rate: `n` means once in `n` opportunities, and 0 means never.
///
/// [`Faults::all`] is the default of a [`World`](super::World). Each run draws which of its faults happen at all, so
/// that some runs have one kind of fault and many of it.
///
/// ```
/// use session::testing::Faults;
///
/// let mut faults = Faults::all();
/// faults.crash = 0; // processes do not crash
/// faults.failover = 50;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// A store call is refused: [`StoreError::Unavailable`](crate::store::StoreError::Unavailable).
    pub refused: u32,
    /// A store call does not arrive, or arrives after its caller has stopped waiting.
    pub lost_call: u32,
    /// A store call is applied, and its answer is lost or unreadable.
    pub lost_answer: u32,
    /// A store call is applied twice, possibly with other calls in between.
    pub duplicate: u32,
    /// A client disconnects: its request's future is dropped where it waits.
    pub cancel: u32,
    /// A response is lost on its way to the client.
    pub lost_response: u32,
    /// A process ends: its tasks and its memory are lost. Another one starts in its place.
    pub crash: u32,
    /// The time moves forward by seconds or minutes.
    pub clock: u32,
    /// The clocks of the processes differ by up to this many milliseconds.
    pub skew: u32,
    /// The store loses its newest writes. The guarantees do not hold across such a failover, so it is off in
    /// [`Faults::all`].
    pub failover: u32,
    /// Two processes are copies of one image: they name their commits alike. Off in [`Faults::all`].
    pub twins: bool,
}

impl Faults {
    /// No fault. The order of events is still random.
    pub fn none() -> Self {
        Self {
            refused: 0,
            lost_call: 0,
            lost_answer: 0,
            duplicate: 0,
            cancel: 0,
            lost_response: 0,
            crash: 0,
            clock: 0,
            skew: 0,
            failover: 0,
            twins: false,
        }
    }

    /// Every fault across which the guarantees hold.
    pub fn all() -> Self {
        Self {
            refused: 12,
            lost_call: 12,
            lost_answer: 8,
            duplicate: 12,
            cancel: 12,
            lost_response: 16,
            crash: 40,
            clock: 30,
            skew: 2_000,
            ..Self::none()
        }
    }

    /// The rates, for a run that draws which of them are in force, and for shrinking.
    pub(super) fn rates(&mut self) -> [&mut u32; 9] {
        let Self { refused, lost_call, lost_answer, duplicate, cancel, lost_response, crash, clock, failover, .. } =
            self;
        [refused, lost_call, lost_answer, duplicate, cancel, lost_response, crash, clock, failover]
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::all()
    }
}
