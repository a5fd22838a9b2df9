//! `S: Schema` is all that generic code needs.

use session::{Detached, Error, Key, Schema, Session, Tracked};

pub async fn count<S: Schema>(session: &mut Session<S>, counter: Key<S, u64>) -> Result<(), Error> {
    let next = *session.get(counter) + 1;
    session.set(counter, next);
    session.reset(counter);
    session.commit().await?;
    session.rotate();
    let _: (Option<session::SessionId>, bool) = (session.id(), session.is_new());
    let _: &[session::FieldError] = session.problems();
    let _: Detached<S> = session.detach();
    session.update(|session| session.set(counter, 1)).await
}

/// The same without the alias: every session dereferences to `Tracked`.
pub fn reset<S: Schema, V>(session: &mut Tracked<S>, key: Key<S, V>) {
    session.reset(key);
}

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

pub async fn home(mut session: Session<Shop>) -> Result<(), Error> {
    reset(&mut session, Shop::VISITS);
    count(&mut session, Shop::VISITS).await
}

fn main() {
    fn is_send<T: Send>(_: fn(Session<Shop>) -> T) {}
    is_send(home);
}
