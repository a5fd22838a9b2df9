//! [`record`] and [`pause`]: what a handler under simulation tells the judge, and where it lets others run.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use super::events::{Recorded, event, with};
use super::network::{Call, Network, Op};

thread_local! {
    static NETWORK: RefCell<Option<Arc<Mutex<Network>>>> = const { RefCell::new(None) };
}

/// Sets the network on which the handlers of this thread wait.
pub(super) fn set_network(network: Option<Arc<Mutex<Network>>>) {
    NETWORK.with_borrow_mut(|current| *current = network);
}

/// Records what a handler under [`simulate`](super::simulate()) has done or seen, for the judge of its
/// [`World`](super::World), and shows it in the trace of a failure. It does nothing outside of a simulation.
///
/// ```
/// use session::testing::record;
///
/// #[derive(Debug)]
/// struct Redeemed {
///     voucher: u64,
/// }
///
/// // In a handler, after the store has confirmed it:
/// record(Redeemed { voucher: 7 });
/// ```
pub fn record<T: Debug + 'static>(value: T) {
    let current = with(|events| events.current).flatten();
    let event = event(|| {
        let request = current.map_or_else(|| "background".to_owned(), |(number, _)| format!("request {number}"));
        format!("{request}: {value:?}")
    });
    with(|events| {
        let exchange = current.map(|(number, _)| number);
        events.records.push(Recorded { event, exchange, value: Box::new(value) });
    });
}

/// Waits until the simulation continues this task: a point where other requests, clients and faults can come between
/// two steps of a handler. Outside of a simulation it is ready at once.
///
/// ```
/// # async fn handler() {
/// // … read something
/// session::testing::pause().await;
/// // … and act on it
/// # }
/// ```
pub async fn pause() {
    let network = NETWORK.with_borrow(Clone::clone);
    if let (Some(network), Some(Some((_, process)))) = (network, with(|events| events.current)) {
        let _ = Call::new(network, process, Op::Pause).await;
    }
}
