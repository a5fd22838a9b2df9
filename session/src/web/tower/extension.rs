//! [`SessionExtension`]: where a request carries its sessions.

use std::any::TypeId;
use std::sync::Arc;

use http::header::COOKIE;
use http::{Extensions, HeaderMap, HeaderValue};

use crate::base::error::{Error, ErrorKind};
use crate::engine::Engine;
use crate::engine::handle::schema::Schema;
use crate::engine::handle::tracked::Tracked;
use crate::engine::request::RequestSession;
use crate::engine::sessions::Sessions;

impl<S: Schema> Sessions<S> {
    /// The session of a request that has passed the [session layer](Self::layer): for services and middleware without
    /// extractors. It loads the session if this request has not done so.
    ///
    /// See [`SessionLayer`](crate::SessionLayer) for an example.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misconfigured`] if no layer around the caller serves sessions of this type; otherwise the errors of
    /// a load: see [`ErrorKind`].
    pub async fn extract(extensions: &Extensions, headers: &HeaderMap) -> Result<S::Handle, Error> {
        let request = request_session::<S>(extensions)?;
        request.open(headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes)).await?;
        Ok(S::handle(Tracked::new(Arc::clone(request))?))
    }
}

pub(crate) fn request_session<S: Schema>(extensions: &Extensions) -> Result<&Arc<RequestSession>, Error> {
    let session = extensions.get::<SessionExtension>().and_then(|sessions| sessions.find(TypeId::of::<S>()));
    session.ok_or_else(no_layer::<S>)
}

#[cold]
fn no_layer<S: Schema>() -> Error {
    let schema = std::any::type_name::<S>();
    let message = format!(
        "no session layer for `{schema}`: add `.layer(sessions)` after the routes and after the `.layer(…)` of any \
         middleware that uses the session (the layer that is added last runs first), with `sessions` from \
         `Sessions::<{schema}>::builder()`; or add `.section::<{schema}>()` to the builder of an existing layer"
    );
    Error::new(ErrorKind::Misconfigured, message)
}

/// The sessions of a request, one for each session layer around the handler, innermost first. It is stored in the
/// request's extensions.
#[derive(Clone)]
pub(crate) struct SessionExtension {
    inner: Arc<RequestSession>,
    outer: Option<Box<SessionExtension>>,
}

impl SessionExtension {
    /// Adds a session. `false` if another layer has the same cookie name or one of the session types.
    pub(crate) fn add(extensions: &mut Extensions, request: Arc<RequestSession>) -> bool {
        let outer = extensions.insert(Self { inner: request, outer: None });
        let Some(outer) = outer else { return true };
        let Some(sessions) = extensions.get_mut::<Self>() else { return true };
        let is_unique = outer.iter().all(|other| !layers_clash(&other.engine, &sessions.inner.engine));
        sessions.outer = Some(Box::new(outer));
        is_unique
    }

    /// The session of the type `schema`.
    fn find(&self, schema: TypeId) -> Option<&Arc<RequestSession>> {
        self.iter().find(|request| request.engine.types.contains(&schema))
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<RequestSession>> {
        std::iter::successors(Some(self), |sessions| sessions.outer.as_deref()).map(|sessions| &sessions.inner)
    }
}

fn layers_clash(one: &Engine, other: &Engine) -> bool {
    one.config.cookie.name() == other.config.cookie.name()
        || one.types.iter().any(|schema| other.types.contains(schema))
}
