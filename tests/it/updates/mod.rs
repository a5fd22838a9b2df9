//! An `update` that fails leaves nothing behind: on a server's store and in the cookie, of a stored session and of a new one.

mod races;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use session::testing::{FailingStore, Fault};
use session::{Error, ErrorKind, KeyRing, MemoryStore, SealedCookie, SecretKey, Session, Sessions};
use session_tests::client::Client;
use tokio::sync::mpsc;

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
    likes: u64,
    text: String,
}

/// The line to the store, or to the list of ended sessions. A handler cuts it once its session is loaded.
type Cut = FailingStore<MemoryStore>;

fn app(sessions: &Sessions<Shop>, line: Cut) -> Router {
    Router::new()
        .route("/start", post(async |mut session: Session<Shop>| session.text = "x".into()))
        .route("/login", post(login))
        .route("/again", post(again))
        .route("/later", post(later))
        .route("/unknown", post(unknown))
        .route("/sibling", post(sibling))
        .route("/logout", post(logout))
        .route("/show", get(show))
        .layer(sessions.layer())
        .with_state(line)
}

async fn show(session: Session<Shop>) -> String {
    format!("{:?} {} {} {}", session.user, session.visits, session.likes, session.text.len())
}

/// The login fails, and so does the handler.
async fn login(State(line): State<Cut>, mut session: Session<Shop>) -> Result<(), Error> {
    line.fail_next(Fault::Before, 1);
    let failed = session.update(|session| session.login(7)).await;
    assert_eq!(session.user, None, "the handle shows what is stored");
    failed
}

/// The first time fails, and is asked for again.
async fn again(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail_next(Fault::Before, 1);
    // A rotation, since without one a sealed session asks nobody that could fail.
    let failed = session.update(|session| (session.visits += 1, session.rotate())).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unavailable);
    session.update(|session| session.visits += 1).await.unwrap();
}

/// Another change of the same field, which is saved at the end.
async fn later(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail_next(Fault::Before, 1);
    session.update(|session| (session.visits += 10, session.rotate())).await.unwrap_err();
    session.visits += 1;
}

/// Whether it was done is not known, not even when asked again.
async fn unknown(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail(Fault::After);
    session.update(|session| (session.visits += 1, session.rotate())).await.unwrap_err();
    line.heal();
}

/// What another handle has changed waits for the end of the request, and is not lost with the update.
async fn sibling(State(line): State<Cut>, mut session: Session<Shop>, mut other: Session<Shop>) {
    other.likes += 1;
    line.fail_next(Fault::Before, 1);
    session.update(|session| session.visits += 10).await.unwrap_err();
    drop(other);
    session.update(|session| session.visits += 1).await.unwrap();
}

async fn logout(mut session: Session<Shop>) -> Result<String, Error> {
    session.update(|session| session.logout()).await?;
    Ok(session.is_new().to_string())
}

/// A stored session on a server, a new one there, and a stored one in its cookie. Of a new one in its cookie nobody is asked.
async fn worlds() -> Vec<Client> {
    let (store, list) = (Cut::new(MemoryStore::new()), Cut::new(MemoryStore::new()));
    let keys = KeyRing::new(SecretKey::generate().unwrap());
    let cookie = SealedCookie::new(keys).dangerous_last_cookie_wins().revoked_in(list.clone());
    let server = app(&Sessions::builder().store(store.clone()).build().unwrap(), store);
    let cookie = app(&Sessions::builder().store(cookie).build().unwrap(), list);
    let worlds = [Client::new(server.clone()), Client::new(cookie), Client::new(server)];
    for stored in &worlds[..2] {
        assert_eq!(stored.post("/start").await.status, 200);
    }
    worlds.into()
}

/// What `path` answers, and what is stored then, in each of the [`worlds`].
async fn everywhere(path: &str, status: u16, stored: &str) {
    for (number, client) in worlds().await.into_iter().enumerate() {
        let answer = client.post(path).await;
        assert_eq!(answer.status, status, "world {number}");
        assert!(status == 200 || answer.set_cookie().is_none(), "world {number}: {answer:?}");
        assert!(client.get("/show").await.text.starts_with(stored), "world {number}");
    }
}

#[tokio::test]
async fn a_login_that_failed_logs_nobody_in() {
    everywhere("/login", 503, "None 0 0 ").await;
}

#[tokio::test]
async fn what_is_done_again_counts_once() {
    everywhere("/again", 200, "None 1 0 ").await;
}

#[tokio::test]
async fn a_later_change_takes_nothing_along() {
    everywhere("/later", 200, "None 1 0 ").await;
}

#[tokio::test]
async fn who_handles_an_error_answers_for_it() {
    everywhere("/unknown", 200, "None ").await;
}

#[tokio::test]
async fn what_another_handle_has_changed_is_saved() {
    everywhere("/sibling", 200, "None 1 1 ").await;
}

/// As it does at the end of a request.
#[tokio::test]
async fn a_logout_that_leaves_nothing_removes_the_session() {
    for (number, client) in worlds().await.into_iter().enumerate() {
        let stored = client.cookie().is_some();
        let answer = client.post("/logout").await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, "true"), "world {number}");
        assert_eq!(answer.set_cookie().is_some_and(|cookie| cookie.contains("Max-Age=0")), stored, "world {number}");
        assert_eq!(client.cookie(), None);
    }
}

/// Nothing can be saved by then, and whoever asks is told so.
#[tokio::test]
async fn an_update_after_the_response_is_an_error() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let (answered, wait) = tokio::sync::watch::channel(false);
    let late = async move |mut session: Session<Shop>| {
        tokio::spawn(async move {
            wait.clone().wait_for(|answered| *answered).await.unwrap();
            tell.send(session.update(|session| session.visits += 1).await.map_err(|error| error.kind())).unwrap();
            tell.send(session.update(|session| session.rotate()).await.map_err(|error| error.kind())).unwrap();
            session.visits += 1;
            tell.send(session.commit().await.map_err(|error| error.kind())).unwrap();
        });
    };
    let app = Router::new()
        .route("/start", post(async |mut session: Session<Shop>| session.text = "x".into()))
        .route("/late", post(late))
        .route("/show", get(show))
        .layer(sessions.layer());
    let client = Client::new(app);
    client.post("/start").await;
    client.post("/late").await;
    answered.send(true).unwrap();
    for what in ["update", "rotation", "commit"] {
        assert_eq!(told.recv().await.unwrap(), Err(ErrorKind::Misconfigured), "{what}");
    }
    assert_eq!(client.get("/show").await.text, "None 0 0 1");
}
