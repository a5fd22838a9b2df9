//! Handles: several in one request, explicit commits, and work that outlives the request.

use super::*;

#[tokio::test]
async fn extractors_of_one_request_share_one_load_and_one_commit() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.store.reset_calls();
    assert_eq!(world.client.get("/two").await.status, 200);
    assert_eq!((world.store.calls().loads, world.store.calls().commits, world.store.calls().total()), (1, 1, 2));
    assert_eq!(world.client.get("/read").await.text, "3 3 None", "both counted, both fields kept");
}

#[tokio::test]
async fn explicit_commit_and_update() {
    let world = world(|builder| builder);
    let answer = world.client.get("/commit").await;
    assert_eq!(answer.text, "11");
    assert!(answer.set_cookie().is_some(), "the cookie of a session made half-way goes out with the response");
    assert_eq!(world.visits().await, "11");
    assert_eq!(world.client.get("/update").await.text, "1");
    assert_eq!(world.client.get("/update").await.text, "2");
    world.store.reset_calls();
    world.client.get("/update").await;
    assert_eq!((world.store.calls().loads, world.store.calls().commits), (1, 1));
    assert_eq!(world.client.get("/keys").await.text, "43 0");
    assert_eq!(world.client.get("/read").await.text, "43 0 None");
}

#[tokio::test]
async fn an_update_of_a_new_session_creates_it() {
    let world = world(|builder| builder);
    assert_eq!(world.client.get("/update").await.text, "1");
    assert_eq!(world.client.get("/update").await.text, "2");
}

#[tokio::test]
async fn logs_keep_the_newest() {
    let world = world(|builder| builder);
    for _ in 0..5 {
        world.client.post("/log").await;
    }
    assert_eq!(world.client.post("/log").await.text, "[2, 3, 4, 5]", "capped when it is stored");
}

#[tokio::test]
async fn a_detached_session_outlives_its_request() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/keep").await;
    let detached = world.detached.lock().await.take().unwrap();
    assert_eq!(
        detached
            .update(|session| {
                session.visits += 1;
                session.visits
            })
            .await
            .unwrap(),
        2
    );
    assert_eq!(world.visits().await, "2");
    let error = detached.update(|session| session.login("eve".into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    world.client.post("/rotate").await;
    let error = detached.update(|session| session.visits += 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Superseded, "it was made before the rotation");
    world.client.get("/keep").await;
    let detached = world.detached.lock().await.take().unwrap();
    world.client.post("/destroy500").await;
    let error = detached.update(|session| session.visits += 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
}

#[tokio::test]
async fn changes_after_the_response_are_not_saved() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    world.client.get("/late").await;
    world.gate.notify_one();
    world.gate.notified().await;
    assert_eq!(world.visits().await, "1");
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let world = world(|builder| builder);
    let text = world.client.get("/secret").await.text;
    let fields = "user: None, admin: false, visits: 0, plain: 0, strict: 0, recent: [], theme: \"\", \
                  token: Some(Secret(…)), odd: ..";
    assert_eq!(text, format!("Some(Secret(…)) ShopSession {{ id: None, changed: true, {fields} }}"));
}

#[tokio::test]
async fn debug_shows_the_id_and_whether_the_session_is_changed() {
    let world = world(|builder| builder);
    world.client.get("/visit").await;
    let text = world.client.get("/debug").await.text;
    let (unchanged, changed) = text.split_once('\n').unwrap();
    let id = unchanged.strip_prefix("ShopSession { id: \"").and_then(|rest| rest.split_once('"')).unwrap().0;
    assert_eq!((id.chars().count(), id.chars().last()), (9, Some('…')), "the first eight characters");
    assert!(unchanged.contains(", changed: false, user: None, admin: false, visits: 1, "), "{unchanged}");
    assert!(changed.contains(", changed: true, user: None, admin: false, visits: 2, "), "{changed}");
}

#[tokio::test]
async fn a_missing_layer_names_itself() {
    let app: Router = Router::new().route("/", get(async |_: Session<Shop>| "never"));
    let answer = session_tests::client::ask(&app, http::Request::new(Body::empty())).await;
    assert_eq!(answer.status, 500);
    let request = http::Request::new(());
    let error = Sessions::<Shop>::extract(request.extensions(), request.headers()).await.unwrap_err();
    assert!(error.to_string().contains("add `.layer(sessions)`"), "{error}");
}

#[tokio::test]
async fn two_layers_of_one_kind_are_refused() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new().route("/", get(async || "fine")).layer(sessions.layer()).layer(sessions.layer());
    let answer = app.oneshot(http::Request::new(Body::empty())).await.unwrap();
    assert_eq!(answer.status(), 500);
}

#[tokio::test]
async fn cache_control_of_a_handler_is_kept_only_if_it_is_private() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/public", get(async |_: Session<Shop>| [("cache-control", "public, max-age=60")]))
        .route("/private", get(async |_: Session<Shop>| [("cache-control", "max-age=60, Private")]))
        .layer(sessions.layer());
    let client = Client::new(app);
    assert_eq!(client.get("/public").await.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(client.get("/private").await.header("cache-control"), Some("max-age=60, Private"));
}
