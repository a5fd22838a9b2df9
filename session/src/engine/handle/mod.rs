//! What a handler holds: a tracked copy of the fields, exact updates, and a handle that outlives the request.

pub(crate) mod detached;
pub(crate) mod tracked;
pub(crate) mod update;
