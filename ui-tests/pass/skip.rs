//! A field that is not stored needs nothing but a default, and may borrow.

use std::cell::Cell;

use session::Session;

pub struct Connection(u16);

#[derive(Session)]
pub struct Shop {
    visits: u64,
    #[session(skip, default = Connection(80))]
    connection: Connection,
    #[session(skip, into, accessor = label)]
    name: &'static str,
    #[session(skip)]
    count: std::sync::Mutex<Cell<u8>>,
}

pub fn home(mut session: Session<Shop>) -> u16 {
    session.set_label("a");
    session.count_mut().get_mut().map(|count| count.set(1)).ok();
    session.set_visits(session.connection().0.into());
    session.connection().0
}

fn main() {}
