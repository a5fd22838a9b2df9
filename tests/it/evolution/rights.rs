//! Identity and rights while old and new releases run side by side: the later change counts, of either release.

use serde::{Deserialize, Serialize};
use session::Session;

use super::on_every_store;

#[derive(Session)]
#[session(name = "shop", lock = off)]
struct Old {
    #[session(user)]
    user: Option<u64>,
    #[session(rotate)]
    admin: bool,
    visits: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Role {
    #[default]
    Guest,
    Admin,
}

fn role(admin: bool) -> Role {
    if admin { Role::Admin } else { Role::Guest }
}

fn name(user: Option<u64>) -> Option<String> {
    user.map(|user| format!("u{user}"))
}

#[derive(Session)]
#[session(name = "shop", version = 2, lock = off)]
struct New {
    #[session(user, upgrade(in = 2, from = Option<u64>, with = name))]
    user: Option<String>,
    #[session(rotate, upgrade(in = 2, from = bool, with = role))]
    admin: Role,
    visits: u64,
}

on_every_store! {
    async fn rights_granted_by_old_code_are_kept(world) {
        let (old, new) = (world.release::<Old>(), world.release::<New>());
        old.visit(async |shop| shop.login(7)).await;
        old.visit(async |shop| shop.admin = true).await;
        new.visit(async |shop| {
            assert_eq!((shop.user.as_deref(), shop.admin), (Some("u7"), Role::Admin));
            shop.visits += 1;
        })
        .await;
        new.visit(async |shop| assert_eq!((shop.user.as_deref(), shop.admin), (Some("u7"), Role::Admin))).await;
    }

    async fn rights_withdrawn_by_old_code_are_gone(world) {
        let (old, new) = (world.release::<Old>(), world.release::<New>());
        old.visit(async |shop| shop.admin = true).await;
        new.visit(async |shop| shop.visits += 1).await;
        old.visit(async |shop| {
            shop.admin = true;
            shop.commit().await.unwrap();
            shop.admin = false;
        })
        .await;
        new.visit(async |shop| assert_eq!(shop.admin, Role::Guest)).await;
    }

    async fn a_logout_by_old_code_counts(world) {
        let (old, new) = (world.release::<Old>(), world.release::<New>());
        old.visit(async |shop| shop.login(7)).await;
        new.visit(async |shop| shop.visits += 1).await;
        old.visit(async |shop| {
            shop.login(8);
            shop.commit().await.unwrap();
            shop.user = None;
        })
        .await;
        new.visit(async |shop| assert_eq!(shop.user, None)).await;
    }
}
