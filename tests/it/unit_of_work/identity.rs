//! A change of the user is a login or a logout, in whichever way it is made, and a failed handler logs no user in.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use super::*;

const ANONYMOUS: &str = "None \"\" \"dark\" []";

#[tokio::test]
async fn a_second_handle_does_not_carry_the_cart_to_the_next_user() {
    let world = world(async |mut first: Handed, mut second: Handed| {
        first.cart_mut().push("a".into());
        second.logout();
        second.login(8);
    });
    world.client.post("/login").await;
    assert_eq!(world.go().await, 200);
    assert_eq!(world.show().await, "Some(8) \"\" \"dark\" []");
}

#[tokio::test]
async fn a_handle_of_a_middleware_does_not_carry_the_cart_to_the_next_user() {
    let mut world = world(async |mut session: Handed| {
        session.logout();
        session.login(8);
    });
    let around = from_fn(async |mut session: Handed, request: Request, next: Next| {
        if request.uri().path() == "/go" {
            session.cart_mut().push("a".into());
        }
        next.run(request).await
    });
    let sessions = Sessions::<Shop>::builder().store(world.line.clone()).build().unwrap();
    // The inner session layer serves another type, so that the handler has the session of the outer one.
    let app = Router::new()
        .route(
            "/go",
            post(async |mut session: Handed| {
                session.logout();
                session.login(8);
            }),
        )
        .layer(around)
        .layer(sessions);
    world.client.post("/login").await;
    world.app = app.clone();
    assert_eq!(world.client.at(app).post("/go").await.status, 200);
    assert_eq!(world.show().await, "Some(8) \"\" \"dark\" []");
}

type Assign = fn(&mut Handed, Option<u64>);

/// Each way to write the field.
const ASSIGNMENTS: [(&str, Assign); 5] = [
    ("field", |session, user| session.user = user),
    ("setter", |session, user| session.set_user(user)),
    ("user_mut", |session, user| *session.user_mut() = user),
    ("typed key", |session, user| session.set(Shop::USER, user)),
    ("take_user", |session, user| {
        session.take_user();
        session.user = user;
    }),
];

#[tokio::test]
async fn an_assignment_of_the_user_is_a_login_or_a_logout() {
    for (way, assign) in ASSIGNMENTS {
        let other = world(async move |mut session: Handed| assign(&mut session, Some(9)));
        other.client.post("/login").await;
        assert_eq!(other.go().await, 200);
        assert_eq!(other.show().await, "Some(9) \"\" \"dark\" []", "{way}: another user");

        let logout = world(async move |mut session: Handed| assign(&mut session, None));
        logout.client.post("/login").await;
        let cookie = logout.client.cookie();
        assert_eq!(logout.go().await, 200);
        assert_eq!(logout.show().await, ANONYMOUS, "{way}: a logout");
        assert_eq!(logout.show_of(cookie).await, "None \"\" \"\" []", "{way}: the old token is dead");

        let login = world(async move |mut session: Handed| {
            session.name = "anonymous".into();
            assign(&mut session, Some(9));
        });
        login.client.post("/shop").await;
        assert_eq!(login.go().await, 200);
        assert_eq!(login.show().await, "Some(9) \"\" \"\" [\"tea\"]", "{way}: a login");

        let updated = world(async move |mut session: Handed| {
            session.update(|session| assign(session, Some(9))).await?;
            session.name.push_str("nine");
            Ok::<_, session::Error>(())
        });
        updated.client.post("/login").await;
        assert_eq!(updated.go().await, 200);
        assert_eq!(updated.show().await, "Some(9) \"nine\" \"dark\" []", "{way}: inside of an update");
    }
}

#[tokio::test]
async fn a_login_over_a_login_is_a_logout_first() {
    let world = world(async |mut session: Handed| {
        session.login(8);
        session.name = "eight".into();
    });
    world.client.post("/login").await;
    assert_eq!(world.go().await, 200);
    assert_eq!(world.show().await, "Some(8) \"eight\" \"dark\" []");
}

#[tokio::test]
async fn a_login_of_the_same_user_rotates_and_keeps() {
    let world = world(async |mut session: Handed| session.login(7));
    world.client.post("/login").await;
    let (before, cookie) = (world.show().await, world.client.cookie());
    assert_eq!(world.go().await, 200);
    assert_eq!((world.show().await, world.client.cookie() == cookie), (before, false));
    assert_eq!(world.show_of(cookie).await, "None \"\" \"\" []");
}

#[tokio::test]
async fn a_failed_handler_logs_no_user_in() {
    let world = world(async |mut session: Handed| {
        session.login(8);
        session.admin = true;
        session.name = "eight".into();
        StatusCode::INTERNAL_SERVER_ERROR
    });
    assert_eq!(world.go().await, 500);
    assert_eq!(world.show().await, "None \"\" \"\" []", "a new visitor");
    world.client.post("/shop").await;
    assert_eq!(world.go().await, 500);
    assert_eq!(world.show().await, "None \"\" \"\" [\"tea\"]", "a visitor with a cart");
    world.client.post("/login").await;
    assert_eq!(world.go().await, 500);
    assert_eq!(world.show().await, ANONYMOUS, "the logout that a login begins with is carried out");
}

#[tokio::test]
async fn a_failed_handler_still_rotates_and_takes_rights_back() {
    let world = world(async |mut session: Handed| {
        session.rotate();
        session.name = "lost".into();
        StatusCode::INTERNAL_SERVER_ERROR
    });
    world.client.post("/login").await;
    let cookie = world.client.cookie();
    assert_eq!(world.go().await, 500);
    assert_eq!(world.show_of(cookie).await, "None \"\" \"\" []");
    assert_eq!(world.show().await, "Some(7) \"seven\" \"dark\" [\"book\"]");
}

#[tokio::test]
async fn a_panic_after_the_handle_was_dropped_logs_no_user_in() {
    let line = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(line).build().unwrap();
    async fn panics(mut session: Handed) -> StatusCode {
        session.login(7);
        drop(session);
        panic!("on purpose")
    }
    let app = Router::new()
        .route("/go", post(panics))
        .route("/show", get(async |session: Handed| show(&session)))
        .layer(CatchPanicLayer::new())
        .layer(sessions);
    let client = Client::new(app);
    assert_eq!(client.post("/go").await.status, 500);
    assert_eq!(client.get("/show").await.text, "None \"\" \"\" []");
}

#[tokio::test]
async fn a_panic_commits_nothing_whatever_the_answer_is() {
    let line = FailingStore::new(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(line).build().unwrap();
    async fn panics(mut session: Handed) -> StatusCode {
        session.login(7);
        panic!("on purpose, with the handle alive")
    }
    let app = Router::new()
        .route("/go", post(panics))
        .route("/show", get(async |session: Handed| show(&session)))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| http::Response::new("sorry".to_owned())))
        .layer(sessions);
    let client = Client::new(app);
    assert_eq!(client.post("/go").await.status, 200);
    assert_eq!(client.get("/show").await.text, "None \"\" \"\" []");
}
