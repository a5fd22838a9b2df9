//! Logins and logouts that run at the same time: the one that is overtaken is not an error page.

use session::{KeyRing, SealedCookie, SecretKey};
use tokio::join;

use super::*;

/// Both requests are sent with one cookie. The second one loads before the first one commits (`overlap`), or after it.
async fn at_once(world: &World, one: &str, other: &str, overlap: bool) -> [(u16, Option<String>); 2] {
    let clients = [Client::new(world.app.clone()), Client::new(world.app.clone())];
    clients.iter().for_each(|client| client.set_cookie(world.client.cookie()));
    let [first, second] = &clients;
    let delayed = if overlap { 4 } else { 2 };
    world.line.fail_next(Fault::Delay(std::time::Duration::from_millis(20)), delayed);
    let (first, second) = join!(first.post(one), second.post(other));
    let [one, other] = [first, second].map(|answer| answer.status.as_u16());
    world.line.heal();
    [(one, clients[0].cookie()), (other, clients[1].cookie())]
}

#[tokio::test(start_paused = true)]
async fn both_of_two_logins_are_logged_in() {
    for overlap in [true, false] {
        let world = world(async || ());
        world.client.post("/shop").await;
        let mut shown = Vec::new();
        for (status, cookie) in at_once(&world, "/login", "/login", overlap).await {
            assert_eq!(status, 200);
            shown.push(world.show_of(cookie).await);
        }
        shown.sort();
        let cart = |cart: &str| format!("Some(7) \"seven\" \"dark\" [{cart}]");
        // A token that was replaced before the load does not give access to the cart.
        let second = if overlap { "\"tea\", \"book\"" } else { "\"book\"" };
        assert_eq!(shown, [cart(second), cart("\"tea\", \"book\"")]);
    }
}

#[tokio::test(start_paused = true)]
async fn both_of_two_logouts_succeed() {
    for overlap in [true, false] {
        let world = world(async || ());
        world.client.post("/login").await;
        let before = world.client.cookie();
        let answers = at_once(&world, "/logout", "/logout", overlap).await;
        assert_eq!(answers.clone().map(|(status, _)| status), [200, 200]);
        assert_eq!(world.show_of(before.clone()).await, "None \"\" \"\" []");
        for (_, cookie) in answers {
            let theme = if cookie == before { "" } else { "dark" };
            assert_eq!(world.show_of(cookie).await, format!("None \"\" \"{theme}\" []"));
        }
    }
}

/// A rotation is not a logout, so a logout that it overtakes is carried out on the rotated session.
#[tokio::test(start_paused = true)]
async fn a_logout_is_not_lost_to_a_rotation() {
    for overlap in [true, false] {
        let world = world(async || ());
        world.client.post("/login").await;
        let before = world.client.cookie();
        let answers = at_once(&world, "/rotate", "/logout", overlap).await;
        assert_eq!(answers[1].0, 200);
        for cookie in [before].into_iter().chain(answers.clone().map(|(_, cookie)| cookie)) {
            assert!(!world.show_of(cookie).await.contains("Some(7)"), "{overlap} {answers:?}");
        }
    }
}

/// The same visitor with a session that lives in its cookie, with a list of ended sessions.
#[tokio::test]
async fn logouts_of_a_sealed_session() {
    let keys = || KeyRing::new(SecretKey::generate().unwrap());
    let cookie = SealedCookie::new(keys()).dangerous_last_cookie_wins().revoked_in(MemoryStore::new());
    let sessions = Sessions::<Shop>::builder().store(cookie).build().unwrap();
    let app = Router::new()
        .route(
            "/login",
            post(async |mut session: Handed| {
                session.login(7);
                session.theme = "dark".into();
            }),
        )
        .route("/logout", post(async |mut session: Handed| session.logout()))
        .route("/destroy", post(async |session: Handed| session.destroy()))
        .route("/rotate", post(async |mut session: Handed| session.rotate()))
        .layer(sessions);
    let client = Client::new(app);
    for (first, second, expected) in [
        ("/logout", "/logout", [200, 200]),
        ("/logout", "/destroy", [200, 200]),
        ("/destroy", "/logout", [200, 200]),
        // The session continues under an id that the second request does not know, so nothing is claimed.
        ("/rotate", "/logout", [200, 409]),
    ] {
        client.post("/login").await;
        let cookie = client.cookie();
        let one = client.post(first).await.status.as_u16();
        client.set_cookie(cookie);
        let other = client.post(second).await.status.as_u16();
        assert_eq!([one, other], expected, "{first} {second}");
        client.set_cookie(None);
    }
}
