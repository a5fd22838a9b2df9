//! Stored sessions when the code changes: for each kind of change of a struct, old and new releases read and write the
//! same session, one after the other and alternately, in memory and on Redis.

mod broken;
mod conflicts;
mod depth;
mod fields;
mod nested;
mod releases;
mod rights;
mod settings;
mod types;
mod whole;

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, Weak};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response, StatusCode};
use session::store::Record;
use session::{Error, MemoryStore, RedisStore, Schema, Session, SessionId, Sessions, Store, Timestamp};
use session_tests::servers::Redis;
use session_tests::wire::{Section, Wire};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// Runs each test on every store.
macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "not every test uses all of it")]
            use super::*;

            async fn run<T: session::Store + Clone>($world: $crate::evolution::World<T>) $body

            #[tokio::test]
            async fn memory() {
                run($crate::evolution::World::memory()).await;
            }

            #[tokio::test]
            pub(crate) async fn redis() {
                run($crate::evolution::World::redis().await).await;
            }
        }
    )*};
}
pub(crate) use on_every_store;

/// A visitor, and the store that all releases of the code share.
pub(crate) struct World<T> {
    store: T,
    jar: Arc<Mutex<Option<String>>>,
    _redis: Option<Arc<Redis>>,
}

impl World<MemoryStore> {
    pub(crate) fn memory() -> Self {
        Self { store: MemoryStore::new(), jar: Arc::default(), _redis: None }
    }
}

impl World<RedisStore> {
    pub(crate) async fn redis() -> Self {
        let redis = shared_redis();
        let store = RedisStore::connect(&redis.url()).await.unwrap();
        Self { store, jar: Arc::default(), _redis: Some(redis) }
    }
}

/// One server for all tests that run at the same time: session ids are unique.
fn shared_redis() -> Arc<Redis> {
    static SHARED: Mutex<Weak<Redis>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let redis = Arc::new(Redis::start());
        *shared = Arc::downgrade(&redis);
        redis
    })
}

impl<T: Store + Clone> World<T> {
    /// The release of the code whose session struct is `S`.
    pub(crate) fn release<S: Schema>(&self) -> Release<S> {
        let sessions = Sessions::<S>::builder().store(self.store.clone()).build().unwrap();
        Release { sessions, jar: Arc::clone(&self.jar) }
    }

    /// The release whose session struct is `S`, with a section `O` in the same record.
    pub(crate) fn release_beside<S: Schema, O: Schema>(&self) -> Release<S> {
        let sessions = Sessions::<S>::builder().store(self.store.clone()).section::<O>().build().unwrap();
        Release { sessions, jar: Arc::clone(&self.jar) }
    }

    /// The value that is stored under `key`.
    pub(crate) async fn stored(&self, key: &str) -> Option<String> {
        let mut wire = Wire::of(&self.record().await);
        let value = wire.sections[0].fields.remove(key)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// The stored keys of all sections.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let wire = Wire::of(&self.record().await);
        wire.sections.into_iter().flat_map(|section| section.fields.into_keys()).collect()
    }

    /// Changes the stored section directly, as no release would.
    pub(crate) async fn edit(&self, edit: impl FnOnce(&mut Section)) {
        let mut wire = Wire::of(&self.record().await);
        edit(&mut wire.sections[0]);
        let record = Record::decode(wire.encode()).unwrap();
        let _ = self.store.destroy(self.id(), now()).await.unwrap();
        let _ = self.store.create(self.id(), &record, now()).await.unwrap();
    }

    /// Stores `value` under `key` directly.
    pub(crate) async fn plant(&self, key: &str, value: &[u8]) {
        self.edit(|section| drop(section.fields.insert(key.into(), value.into()))).await;
    }

    pub(crate) async fn record(&self) -> Record {
        self.store.load(self.id(), now()).await.unwrap().expect("a session")
    }

    /// The session id in the visitor's cookie.
    pub(crate) fn id(&self) -> SessionId {
        let jar = self.jar.lock().unwrap();
        let (_, token) = jar.as_ref().and_then(|cookie| cookie.split_once('=')).expect("a cookie");
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        SessionId::from_bytes(bytes[1..17].try_into().unwrap())
    }
}

fn now() -> Timestamp {
    let elapsed = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_millis(elapsed.as_millis().try_into().unwrap())
}

/// A release of the code, and the cookie of the visitor.
pub(crate) struct Release<S: Schema> {
    sessions: Sessions<S>,
    jar: Arc<Mutex<Option<String>>>,
}

/// The response to a request.
pub(crate) struct Answer<R> {
    pub(crate) status: StatusCode,
    /// The result of the handler, or why it got no session.
    pub(crate) outcome: Result<R, Error>,
}

impl<S: Schema> Release<S> {
    /// Sends a request that must succeed.
    pub(crate) async fn visit<R>(&self, handler: impl AsyncFnOnce(&mut Session<S>) -> R) -> R {
        let answer = self.attempt(handler).await;
        assert_eq!(answer.status, 200, "{:?}", answer.outcome.err());
        answer.outcome.unwrap()
    }

    /// Sends a request.
    pub(crate) async fn attempt<R>(&self, handler: impl AsyncFnOnce(&mut Session<S>) -> R) -> Answer<R> {
        self.visit_section::<S, R>(handler).await
    }

    /// Sends a request whose handler takes another section of the record.
    pub(crate) async fn visit_section<O: Schema, R>(
        &self,
        handler: impl AsyncFnOnce(&mut Session<O>) -> R,
    ) -> Answer<R> {
        let (handler, outcome) = (Cell::new(Some(handler)), Cell::new(None));
        let mut request = Request::builder();
        if let Some(cookie) = &*self.jar.lock().unwrap() {
            request = request.header("cookie", cookie);
        }
        let service = service_fn(async |request: Request<()>| {
            let (parts, ()) = request.into_parts();
            let (status, result) = match Sessions::<O>::extract(&parts.extensions, &parts.headers).await {
                Ok(mut session) => (StatusCode::OK, Ok(handler.take().unwrap()(&mut session).await)),
                Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Err(error)),
            };
            outcome.set(Some(result));
            let mut response = Response::new(());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        });
        let response = self.sessions.layer().layer(service).oneshot(request.body(()).unwrap()).await.unwrap();
        if let Some(set) = response.headers().get("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            *self.jar.lock().unwrap() = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        Answer { status: response.status(), outcome: outcome.take().unwrap() }
    }
}
