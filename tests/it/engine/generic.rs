//! Code that works with any session type: `S: Schema` is the only bound it needs.

use axum::Router;
use axum::routing::{get, post};
use session::{Error, Identified, Key, MemoryStore, Schema, Session, Sessions, Tracked};
use session_tests::client::Client;

/// Adds one to `counter`, stores it, and answers what it was, with the session's state before and after.
async fn count<S: Schema>(session: &mut Session<S>, counter: Key<S, u64>) -> Result<String, Error> {
    let (was_new, id, next) = (session.is_new(), session.id(), *session.get(counter) + 1);
    session.set(counter, next);
    session.commit().await?;
    let same_id = id.is_some() && id == session.id();
    Ok(format!("{next} new: {was_new}, then: {}, same id: {same_id}", session.is_new()))
}

fn forget<S: Schema, V>(session: &mut Session<S>, key: Key<S, V>) {
    session.reset(key);
}

async fn add_exactly<S: Schema>(session: &mut Session<S>, counter: Key<S, u64>, amount: u64) -> Result<u64, Error> {
    session
        .update(|session| {
            let sum = *session.get(counter) + amount;
            session.set(counter, sum);
            sum
        })
        .await
}

/// `Tracked<S>` in place of `Session<S>`: then the compiler infers `S` from the session alone.
fn sign_in<S: Identified>(session: &mut Tracked<S>, user: S::User) {
    session.login(user);
}

fn sign_out<S: Identified>(session: &mut Tracked<S>) {
    session.logout();
}

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
}

fn client() -> Client {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/count", get(async |mut session: Session<Shop>| count(&mut session, Shop::VISITS).await))
        .route("/forget", post(async |mut session: Session<Shop>| forget(&mut session, Shop::VISITS)))
        .route(
            "/add",
            post(async |mut session: Session<Shop>| {
                Ok::<_, Error>(add_exactly(&mut session, Shop::VISITS, 10).await?.to_string())
            }),
        )
        .route("/login", post(async |mut session: Session<Shop>| sign_in::<Shop>(&mut session, 7)))
        .route("/logout", post(async |mut session: Session<Shop>| sign_out::<Shop>(&mut session)))
        .route("/user", get(async |session: Session<Shop>| format!("{:?}", session.user())))
        .layer(sessions.layer());
    Client::new(app)
}

#[tokio::test]
async fn generic_code_reads_writes_and_commits_by_key() {
    let client = client();
    assert_eq!(client.get("/count").await.text, "1 new: true, then: false, same id: false");
    assert_eq!(client.get("/count").await.text, "2 new: false, then: false, same id: true");
    assert_eq!(client.post("/forget").await.status, 200);
    assert_eq!(client.get("/count").await.text, "1 new: false, then: false, same id: true");
    assert_eq!(client.post("/add").await.text, "11");
}

#[tokio::test]
async fn generic_code_logs_in_and_out() {
    let client = client();
    client.post("/login").await;
    assert_eq!(client.get("/user").await.text, "Some(7)");
    client.post("/logout").await;
    assert_eq!(client.get("/user").await.text, "None");
}
