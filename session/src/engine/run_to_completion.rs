//! [`RunToCompletion`]: a future that is finished even if its caller is cancelled.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::port::BoxFuture;

/// Runs a future to its end. If it is dropped before it is done, a Tokio task finishes it: a client that disconnects
/// must not leave a commit half done. Outside of a Tokio runtime it is dropped unfinished.
pub(crate) struct RunToCompletion<T: Send + 'static> {
    future: Option<BoxFuture<'static, T>>,
}

impl<T: Send + 'static> RunToCompletion<T> {
    pub(crate) fn new(future: BoxFuture<'static, T>) -> Self {
        Self { future: Some(future) }
    }
}

impl<T: Send + 'static> Future for RunToCompletion<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(future) = &mut self.future else {
            return Poll::Pending;
        };
        let ready = std::task::ready!(future.as_mut().poll(cx));
        self.future = None;
        Poll::Ready(ready)
    }
}

impl<T: Send + 'static> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { drop(future.await) });
        }
    }
}
