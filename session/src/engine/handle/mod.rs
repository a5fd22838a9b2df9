//! What a handler holds: a tracked copy of the fields with the methods of every session, exact updates, and a session
//! that outlives the request.

pub(crate) mod changes;
pub(crate) mod detached;
pub(crate) mod lifecycle;
pub(crate) mod not_serializable;
pub(crate) mod schema;
pub(crate) mod tracked;
pub(crate) mod update;
