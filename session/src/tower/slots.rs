//! Where a request carries its sessions.

use std::any::TypeId;
use std::sync::Arc;

use http::Extensions;

use crate::manager::Manager;
use crate::request::Request;

/// One slot for each session layer around a handler. In a request's extensions.
#[derive(Clone)]
pub(crate) struct Slots {
    inner: Arc<Request>,
    outer: Option<Box<Slots>>,
}

impl Slots {
    /// Adds a slot. `false` if another layer has taken the cookie's name or one of the session types.
    pub(crate) fn add(extensions: &mut Extensions, request: Arc<Request>) -> bool {
        let manager = Arc::clone(&request.manager);
        let outer = extensions.insert(Self {
            inner: request,
            outer: None,
        });
        let Some(outer) = outer else { return true };
        let fits = outer.iter().all(|other| !clash(&other.manager, &manager));
        if let Some(slots) = extensions.get_mut::<Self>() {
            slots.outer = Some(Box::new(outer));
        }
        fits
    }

    /// The slot for sessions of `schema`.
    pub(crate) fn find(&self, schema: TypeId) -> Option<&Arc<Request>> {
        self.iter()
            .find(|request| request.manager.types.contains(&schema))
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<Request>> {
        std::iter::successors(Some(self), |slots| slots.outer.as_deref()).map(|slots| &slots.inner)
    }
}

fn clash(one: &Manager, other: &Manager) -> bool {
    one.config.cookie.name() == other.config.cookie.name()
        || one.types.iter().any(|schema| other.types.contains(schema))
}
