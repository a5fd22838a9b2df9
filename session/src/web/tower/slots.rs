//! Where a request carries its sessions.

use std::any::TypeId;
use std::sync::Arc;

use http::{Extensions, HeaderMap};

use crate::base::error::{Error, ErrorKind};
use crate::engine::commit::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::handle::tracked::Tracked;
use crate::engine::request::RequestSession;
use crate::engine::sessions::Sessions;

impl<S: Schema> Sessions<S> {
    /// The session of a request that has come through a [`SessionLayer`](super::SessionLayer): for services without
    /// extractors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misconfigured`] if no layer serves sessions of this type; else those of the store.
    pub async fn extract(extensions: &Extensions, headers: &HeaderMap) -> Result<S::Handle, Error> {
        let request = slot::<S>(extensions)?;
        request.open(headers).await?;
        Ok(S::handle(Tracked::new(Arc::clone(request))?))
    }
}

pub(crate) fn slot<S: Schema>(extensions: &Extensions) -> Result<&Arc<RequestSession>, Error> {
    let slot = extensions.get::<Slots>().and_then(|slots| slots.find(TypeId::of::<S>()));
    slot.ok_or_else(|| {
        let schema = std::any::type_name::<S>();
        let message = format!(
            "no session layer for `{schema}`: add `.layer(sessions.layer())` to the router, below this route, with \
             `sessions` from `Sessions::<{schema}>::builder()`, or `.section::<{schema}>()` to an existing builder"
        );
        Error::new(ErrorKind::Misconfigured, message)
    })
}

/// One slot for each session layer around a handler. In a request's extensions.
#[derive(Clone)]
pub(crate) struct Slots {
    inner: Arc<RequestSession>,
    outer: Option<Box<Slots>>,
}

impl Slots {
    /// Adds a slot. `false` if another layer has taken the cookie's name or one of the session types.
    pub(crate) fn add(extensions: &mut Extensions, request: Arc<RequestSession>) -> bool {
        let outer = extensions.insert(Self { inner: request, outer: None });
        let Some(outer) = outer else { return true };
        let Some(slots) = extensions.get_mut::<Self>() else { return true };
        let fits = outer.iter().all(|other| !clash(&other.engine, &slots.inner.engine));
        slots.outer = Some(Box::new(outer));
        fits
    }

    /// The slot for sessions of `schema`.
    pub(crate) fn find(&self, schema: TypeId) -> Option<&Arc<RequestSession>> {
        self.iter().find(|request| request.engine.types.contains(&schema))
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<RequestSession>> {
        std::iter::successors(Some(self), |slots| slots.outer.as_deref()).map(|slots| &slots.inner)
    }
}

fn clash(one: &Engine, other: &Engine) -> bool {
    one.config.cookie.name() == other.config.cookie.name()
        || one.types.iter().any(|schema| other.types.contains(schema))
}
