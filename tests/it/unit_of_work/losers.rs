//! Logins and logouts that run at the same time: the one that is overtaken is not an error page.

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
