//! A failed `update` leaves nothing behind: in a server-side store and in the cookie, of a stored session and of a new
//! one.

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

/// The connection to the store, or to the list of ended sessions. A handler cuts it after its session is loaded.
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

/// The login fails, and the handler returns the error.
async fn login(State(line): State<Cut>, mut session: Session<Shop>) -> Result<(), Error> {
    line.fail_next(Fault::Before, 1);
    let failed = session.update(|session| session.login(7)).await;
    assert_eq!(session.user, None, "the handle shows what is stored");
    failed
}

/// The first update fails, and the handler calls it again.
async fn again(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail_next(Fault::Before, 1);
    // A rotation: without one a sealed session makes no store call that could fail.
    let failed = session.update(|session| (session.visits += 1, session.rotate())).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unavailable);
    session.update(|session| session.visits += 1).await.unwrap();
}

/// After the failed update the same field changes, and the end of the request commits it.
async fn later(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail_next(Fault::Before, 1);
    session.update(|session| (session.visits += 10, session.rotate())).await.unwrap_err();
    session.visits += 1;
}

/// The outcome stays unknown after the repeats.
async fn unknown(State(line): State<Cut>, mut session: Session<Shop>) {
    line.fail(Fault::After);
    session.update(|session| (session.visits += 1, session.rotate())).await.unwrap_err();
    line.heal();
}

/// The change of another handle waits for the end of the request, and is not lost with the failed update.
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

/// A stored session in a server-side store, a new one there, and a stored one in its cookie. A new session in its
/// cookie makes no store call.
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

/// Checks the answer of `path`, and what is stored afterwards, in each of the [`worlds`].
async fn everywhere(path: &str, status: u16, stored: &str) {
    for (number, client) in worlds().await.into_iter().enumerate() {
        let answer = client.post(path).await;
        assert_eq!(answer.status, status, "world {number}");
        assert!(status == 200 || answer.set_cookie().is_none(), "world {number}: {answer:?}");
        assert!(client.get("/show").await.text.starts_with(stored), "world {number}");
    }
}

#[tokio::test]
async fn a_failed_login_does_not_log_in() {
    everywhere("/login", 503, "None 0 0 ").await;
}

#[tokio::test]
async fn an_update_that_is_called_again_counts_once() {
    everywhere("/again", 200, "None 1 0 ").await;
}

#[tokio::test]
async fn a_later_change_does_not_commit_the_failed_one() {
    everywhere("/later", 200, "None 1 0 ").await;
}

#[tokio::test]
async fn a_handler_can_answer_after_an_unknown_outcome() {
    everywhere("/unknown", 200, "None ").await;
}

#[tokio::test]
async fn the_change_of_another_handle_is_kept() {
    everywhere("/sibling", 200, "None 1 1 ").await;
}

/// As a logout does at the end of a request.
#[tokio::test]
async fn a_logout_destroys_the_session_if_no_field_survives() {
    for (number, client) in worlds().await.into_iter().enumerate() {
        let stored = client.cookie().is_some();
        let answer = client.post("/logout").await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, "true"), "world {number}");
        assert_eq!(answer.set_cookie().is_some_and(|cookie| cookie.contains("Max-Age=0")), stored, "world {number}");
        assert_eq!(client.cookie(), None);
    }
}

/// Nothing can be committed by then, and the caller gets an error.
#[tokio::test]
async fn an_update_after_the_response_is_an_error() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let (tell, mut outcomes) = mpsc::unbounded_channel();
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
        assert_eq!(outcomes.recv().await.unwrap(), Err(ErrorKind::Misconfigured), "{what}");
    }
    assert_eq!(client.get("/show").await.text, "None 0 0 1");
}
