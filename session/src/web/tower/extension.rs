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

    /// For login and logout handlers, after [`extract`](Self::extract) has failed: an empty session in place of a
    /// stored one that this release cannot read, because newer code has written it or because its `user` field cannot
    /// be decoded. A login gives the client a new session, and a logout removes the cookie. The stored session is not
    /// changed, and any other change of the empty one fails. A session that can be read is returned as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] if the session was not loaded: it may be readable. Otherwise those of
    /// [`extract`](Self::extract).
    ///
    /// ```
    /// use session::{Error, Session, Sessions};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     #[session(user)]
    ///     user: Option<u64>,
    /// }
    ///
    /// async fn login(request: http::Request<()>) -> Result<(), Error> {
    ///     let extracted = Sessions::<Shop>::extract(request.extensions(), request.headers()).await;
    ///     let mut session = extracted.or_else(|_| Sessions::<Shop>::start_over(request.extensions()))?;
    ///     session.login(7);
    ///     Ok(())
    /// }
    /// ```
    pub fn start_over(extensions: &Extensions) -> Result<S::Handle, Error> {
        let request = request_session::<S>(extensions)?;
        match request.is_loaded() {
            true => Ok(S::handle(Tracked::start_over(request)?)),
            false => Err(Error::new(ErrorKind::Unavailable, "the session was not loaded, so it may be readable")),
        }
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
