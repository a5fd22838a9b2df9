//! A stored session that this release cannot read: a login replaces it, a logout removes its cookie, and nothing
//! changes its bytes.

use session::{Error, Rejection, SessionId, Store as _, Timestamp};

use super::*;

mod newer {
    use super::*;

    #[derive(Session)]
    #[session(name = "shop", version = 2, min_reader = 2, lock = off)]
    pub struct Newer {
        #[session(user)]
        pub user: Option<u64>,
    }
}

mod other {
    use super::*;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub struct Other {
        #[session(user)]
        pub user: Option<String>,
    }
}

type Anew = Result<Handed, Rejection>;

async fn start_over(session: Anew) -> Result<Handed, Rejection> {
    session.or_else(Rejection::start_over::<Shop>)
}

/// A client with a session of another release, and an app of this release.
async fn refused(is_newer: bool) -> (Client, MemoryStore, SessionId) {
    let store = MemoryStore::new();
    let login = match is_newer {
        true => {
            let sessions = Sessions::<newer::Newer>::builder().store(store.clone()).build().unwrap();
            let login = async |mut session: Session<newer::Newer>| {
                session.login(7);
                session.commit().await?;
                Ok::<_, Error>(session.id().map(|id| id.to_string()).unwrap_or_default())
            };
            post(login).layer(sessions)
        },
        false => {
            let sessions = Sessions::<other::Other>::builder().store(store.clone()).build().unwrap();
            let login = async |mut session: Session<other::Other>| {
                session.login("seven".into());
                session.commit().await?;
                Ok::<_, Error>(session.id().map(|id| id.to_string()).unwrap_or_default())
            };
            post(login).layer(sessions)
        },
    };
    let client = Client::new(Router::new().route("/login", login));
    let id = client.post("/login").await.text.parse().unwrap();
    let sessions = Sessions::<Shop>::builder().store(store.clone()).build().unwrap();
    let app = Router::new()
        .route("/show", get(async |session: Handed| show(&session)))
        .route("/option", get(async |session: Option<Handed>| session.is_some().to_string()))
        .route(
            "/login",
            post(async |session: Anew| {
                start_over(session).await?.login(8);
                Ok::<_, Rejection>(())
            }),
        )
        .route(
            "/logout",
            post(async |session: Anew| {
                start_over(session).await?.logout();
                Ok::<_, Rejection>(())
            }),
        )
        .route(
            "/write",
            post(async |session: Anew| {
                start_over(session).await?.name = "empty".into();
                Ok::<_, Rejection>(())
            }),
        )
        .layer(sessions);
    (client.at(app), store, id)
}

#[tokio::test]
async fn a_login_replaces_it_and_a_logout_removes_its_cookie() {
    for is_newer in [true, false] {
        let (client, store, id) = refused(is_newer).await;
        let cookie = client.cookie();
        let stored = async || store.load(id, Timestamp::from_millis(0)).await.unwrap().unwrap().encode();
        let before = stored().await;
        assert_eq!(client.get("/show").await.status, 503);
        assert_eq!(client.get("/option").await.status, 503);
        assert_eq!(client.post("/write").await.status, 503, "an empty session does not take its place");
        assert_eq!(client.cookie(), cookie);
        assert_eq!(client.post("/logout").await.status, 200);
        assert_eq!(client.cookie(), None);
        client.set_cookie(cookie.clone());
        assert_eq!(client.post("/login").await.status, 200);
        assert_ne!(client.cookie(), cookie);
        assert_eq!(client.get("/show").await.text, "Some(8) \"\" \"\" []");
        assert_eq!(stored().await, before);
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_no_reason_to_start_over() {
    let world = world(async |session: Anew| {
        start_over(session).await?.login(8);
        Ok::<_, Rejection>(())
    });
    world.client.post("/login").await;
    world.line.fail(Fault::Before);
    assert_eq!(world.go().await, 503);
    world.line.heal();
    assert_eq!(world.show().await, "Some(7) \"seven\" \"dark\" [\"book\"]");
}
