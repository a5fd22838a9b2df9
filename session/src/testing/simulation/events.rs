//! The numbered events of a run, and what handlers have recorded.

use std::any::Any;
use std::cell::RefCell;

#[derive(Default)]
pub(super) struct Events {
    pub(super) next: u64,
    /// Whether lines are kept. Only a run that is shown to a person needs them.
    keeps_lines: bool,
    pub(super) lines: Vec<(u64, String)>,
    pub(super) records: Vec<Recorded>,
    /// The request whose task runs now, and its process.
    pub(super) current: Option<(usize, u32)>,
}

/// Something that a handler has recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) event: u64,
    pub(super) exchange: Option<usize>,
    pub(super) value: Box<dyn Any>,
}

thread_local! {
    static EVENTS: RefCell<Option<Events>> = const { RefCell::new(None) };
}

/// Begins to record on this thread.
pub(super) fn begin(keeps_lines: bool) {
    EVENTS.with_borrow_mut(|current| *current = Some(Events { keeps_lines, ..Events::default() }));
}

pub(super) fn end() -> Events {
    EVENTS.with_borrow_mut(Option::take).unwrap_or_default()
}

/// `None` outside of a simulation.
pub(super) fn with<T>(change: impl FnOnce(&mut Events) -> T) -> Option<T> {
    EVENTS.with_borrow_mut(|events| events.as_mut().map(change))
}

/// Counts an event, with a line for the trace if lines are kept. Returns its number.
pub(super) fn event(line: impl FnOnce() -> String) -> u64 {
    with(|events| {
        events.next += 1;
        if events.keeps_lines {
            events.lines.push((events.next, line()));
        }
        events.next
    })
    .unwrap_or_default()
}
