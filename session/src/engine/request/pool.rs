//! [`Pool`]: request sessions to use again.

use std::sync::{Arc, Mutex};

use super::RequestSession;
use crate::engine::Engine;

/// Recycled sessions of requests: a request that does not use its session allocates only its entry in the extensions.
pub(crate) struct Pool {
    pub(crate) engine: Arc<Engine>,
    free: Mutex<Vec<Arc<RequestSession>>>,
}

/// Most servers run fewer requests at once. One entry takes a few hundred bytes.
const MAX_FREE: usize = 256;

impl Pool {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, free: Mutex::default() }
    }

    pub(crate) fn take(&self) -> Arc<RequestSession> {
        // Without waiting: if another thread holds the lock, this one allocates.
        let free = self.free.try_lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| Arc::new(RequestSession::new(Arc::clone(&self.engine))))
    }

    pub(crate) fn give_back(&self, mut session: Arc<RequestSession>) {
        if let Some(unshared) = Arc::get_mut(&mut session) {
            unshared.recycle();
            if let Ok(mut free) = self.free.try_lock()
                && free.len() < MAX_FREE
            {
                free.push(session);
            }
        } else {
            // A handle has outlived the response; its later changes are lost, and logged.
            session.close();
        }
    }
}
