//! Sessions by hand: what one would write around one serde struct for axum, without a library.
//!
//! The cookie carries 32 random bytes, the store files the session under their SHA-256. A layer puts a slot into the
//! request's extensions, an extractor loads and decodes the whole struct, `save` encodes it, and the layer writes it
//! before the response leaves. It does less than a session library must: no merging, no rotation, no cache headers.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use pin_project_lite::pin_project;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, Script};
use sha2::{Digest as _, Sha256};
use tower::{Layer, Service};

use super::data::Data;

const COOKIE_NAME: &str = "__Host-id";
const IDLE: Duration = Duration::from_secs(30 * 60);
const SHARDS: usize = 32;

/// What a session is filed under.
type Key = [u8; 32];
/// Bytes as they are stored. In Redis their first eight are a version for compare-and-set.
type Body = Bytes;
type Saving = Pin<Box<dyn Future<Output = bool> + Send>>;
type Shard = HashMap<Key, (SystemTime, Body)>;

/// Where sessions are kept.
pub enum Store {
    Memory(Box<[Mutex<Shard>; SHARDS]>),
    /// GET, then SET: of two requests at once, one is lost.
    LosingRedis(ConnectionManager),
    /// GET, then a script that writes only over the version that was read.
    Redis(ConnectionManager, Script),
}

const COMPARE_AND_SET: &str = r"
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

impl Store {
    pub fn memory() -> Self {
        Self::Memory(Default::default())
    }

    pub fn losing_redis(connection: ConnectionManager) -> Self {
        Self::LosingRedis(connection)
    }

    pub fn redis(connection: ConnectionManager) -> Self {
        Self::Redis(connection, Script::new(COMPARE_AND_SET))
    }

    async fn load(&self, key: Key) -> Option<Body> {
        match self {
            Self::Memory(shards) => {
                let shard = lock(shards, key);
                let (until, body) = shard.get(&key)?;
                (*until > now()).then(|| body.clone())
            },
            Self::LosingRedis(connection) | Self::Redis(connection, _) => {
                let stored: Option<Vec<u8>> = connection.clone().get(name(key)).await.expect("GET");
                stored.map(Bytes::from)
            },
        }
    }

    /// Writes `body` over `version`. `None` where there was nothing to wait for.
    fn save(self: &Arc<Self>, key: Key, version: [u8; 8], body: Vec<u8>) -> Option<Saving> {
        if let Self::Memory(shards) = &**self {
            lock(shards, key).insert(key, (now() + IDLE, body.into()));
            return None;
        }
        let store = Arc::clone(self);
        Some(Box::pin(async move {
            let life = IDLE.as_millis() as u64;
            match &*store {
                Self::Memory(_) => true,
                Self::LosingRedis(connection) => {
                    let mut connection = connection.clone();
                    let saved = connection.pset_ex(name(key), body, life).await;
                    saved.map(|()| true).expect("SET")
                },
                Self::Redis(connection, script) => {
                    // A new session is written over nothing.
                    let expected = if version == [0; 8] { &[] } else { &version[..] };
                    let mut call = script.key(name(key));
                    call.arg(expected).arg(body).arg(life);
                    let saved = call.invoke_async(&mut connection.clone()).await;
                    saved.expect("EVALSHA")
                },
            }
        }))
    }

    /// How many bytes of a body are its version.
    fn header(&self) -> usize {
        match self {
            Self::Redis(..) => 8,
            Self::Memory(_) | Self::LosingRedis(_) => 0,
        }
    }
}

fn lock(shards: &[Mutex<Shard>; SHARDS], key: Key) -> MutexGuard<'_, Shard> {
    shards[usize::from(key[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(key: Key) -> Vec<u8> {
    [b"hand:", &key[..]].concat()
}

#[expect(clippy::disallowed_methods, reason = "what one would write by hand")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A request's session, shared by its extractor and its response.
pub struct Slot {
    store: Arc<Store>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    key: Option<Key>,
    version: [u8; 8],
    pending: Option<Vec<u8>>,
}

/// The session in a handler.
pub struct Hand {
    pub data: Data,
    slot: Arc<Slot>,
}

impl Hand {
    /// Has the layer write the session before the response leaves.
    pub fn save(&self) {
        let mut state = self.slot.state();
        state.pending = Some(self.encode(state.version));
    }

    /// Changes the session now, and tries again until no other writer has come between.
    pub async fn update(mut self, change: impl Fn(&mut Data)) {
        loop {
            change(&mut self.data);
            let (key, version) = {
                let state = self.slot.state();
                (state.key.expect("a stored session"), state.version)
            };
            let saving = self.slot.store.save(key, version, self.encode(version));
            let saved = match saving {
                Some(saving) => saving.await,
                None => true,
            };
            if saved {
                return;
            }
            self.data = self.slot.load(key).await;
        }
    }

    fn encode(&self, version: [u8; 8]) -> Vec<u8> {
        let mut body = Vec::with_capacity(1024);
        if self.slot.store.header() > 0 {
            let next = u64::from_be_bytes(version) + 1;
            body.extend_from_slice(&next.to_be_bytes());
        }
        serde_json::to_writer(&mut body, &self.data).expect("JSON");
        body
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, key: Key) -> Data {
        let Some(body) = self.store.load(key).await else {
            return Data::default();
        };
        let (version, json) = body.split_at(self.store.header());
        let mut state = self.state();
        state.key = Some(key);
        state.version = version.try_into().unwrap_or_default();
        serde_json::from_slice(json).expect("JSON")
    }
}

impl<S: Sync> FromRequestParts<S> for Hand {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let slot = parts.extensions.get::<Arc<Slot>>().expect("the layer");
        let slot = Arc::clone(slot);
        let data = match cookie(&parts.headers) {
            Some(token) if token.len() == 43 => slot.load(Sha256::digest(token).into()).await,
            _ => Data::default(),
        };
        Ok(Self { data, slot })
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}

/// The layer around every route.
#[derive(Clone)]
pub struct HandLayer(pub Arc<Store>);

#[derive(Clone)]
pub struct HandService<Inner> {
    inner: Inner,
    store: Arc<Store>,
}

impl<Inner> Layer<Inner> for HandLayer {
    type Service = HandService<Inner>;

    fn layer(&self, inner: Inner) -> HandService<Inner> {
        HandService { inner, store: Arc::clone(&self.0) }
    }
}

impl<Inner: Service<Request, Response = Response>> Service<Request> for HandService<Inner> {
    type Response = Response;
    type Error = Inner::Error;
    type Future = HandFuture<Inner::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Inner::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let slot = Arc::new(Slot { store: Arc::clone(&self.store), state: Mutex::default() });
        request.extensions_mut().insert(Arc::clone(&slot));
        HandFuture { inner: self.inner.call(request), slot, saving: None }
    }
}

pin_project! {
    pub struct HandFuture<Inner> {
        #[pin]
        inner: Inner,
        slot: Arc<Slot>,
        saving: Option<(Saving, Response)>,
    }
}

impl<Inner, E> Future for HandFuture<Inner>
where
    Inner: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.saving.is_none() {
            let mut response = ready!(this.inner.poll(cx))?;
            let mut state = this.slot.state();
            let Some(body) = state.pending.take() else {
                return Poll::Ready(Ok(response));
            };
            let key = state.key.unwrap_or_else(|| set_cookie(response.headers_mut()));
            match this.slot.store.save(key, state.version, body) {
                None => return Poll::Ready(Ok(response)),
                Some(saving) => *this.saving = Some((saving, response)),
            }
        }
        let (saving, _) = this.saving.as_mut().expect("set above");
        let saved = ready!(saving.as_mut().poll(cx));
        let (_, mut response) = this.saving.take().expect("set above");
        if !saved {
            *response.status_mut() = StatusCode::CONFLICT;
        }
        Poll::Ready(Ok(response))
    }
}

/// A new session's cookie and key.
fn set_cookie(headers: &mut HeaderMap) -> Key {
    let mut random = [0; 32];
    getrandom::fill(&mut random).expect("random bytes");
    let token = URL_SAFE_NO_PAD.encode(random);
    let cookie = format!("{COOKIE_NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Lax");
    headers.append(SET_COOKIE, HeaderValue::try_from(cookie).expect("ASCII"));
    Sha256::digest(token).into()
}
