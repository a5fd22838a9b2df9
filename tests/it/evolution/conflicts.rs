//! Old and new releases that write the same session at the same time.

use std::collections::{BTreeSet, HashMap, HashSet};

use session::Session;

use super::on_every_store;

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub visits: u32,
        #[session(merge = counter)]
        pub clicks: u64,
        #[session(merge = union)]
        pub tags: std::collections::BTreeSet<String>,
        pub name: String,
        #[session(survive)]
        pub theme: String,
        #[session(survive)]
        pub tint: String,
        #[session(user)]
        pub user: Option<u64>,
        pub stock: std::collections::HashMap<String, u32>,
        pub seen: std::collections::HashSet<u32>,
    }
}

#[derive(Session)]
#[session(name = "shop", version = 2, lock = off)]
struct Shop {
    #[session(merge = counter, upgrade(in = 2, from = u32, with = u64::from))]
    visits: u64,
    #[session(merge = counter, was = "clicks")]
    taps: u64,
    #[session(merge = union, was = "tags")]
    labels: BTreeSet<String>,
    name: String,
    #[session(survive, was = "theme")]
    skin: String,
    #[session(survive)]
    tint: String,
    #[session(user)]
    user: Option<u64>,
    #[session(conflict = "reject", upgrade(in = 2, from = HashMap<String, u32>, with = widened))]
    stock: HashMap<String, u64>,
    #[session(conflict = "reject", upgrade(in = 2, from = HashSet<u32>, with = HashSet::from_iter))]
    seen: HashSet<u32>,
}

fn widened(stock: HashMap<String, u32>) -> HashMap<String, u64> {
    stock.into_iter().map(|(name, count)| (name, count.into())).collect()
}

on_every_store! {
    async fn increments_under_different_keys_add_up(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| (shop.visits, shop.clicks) = (10, 100)).await;
        new.visit(async |shop| {
            (shop.visits, shop.taps) = (shop.visits + 5, shop.taps + 50);
            old.visit(async |shop| (shop.visits, shop.clicks) = (shop.visits + 1, shop.clicks + 10)).await;
        })
        .await;
        assert_eq!(new.visit(async |shop| (shop.visits, shop.taps)).await, (16, 160));
        let seen = old.visit(async |shop| (shop.visits, shop.clicks)).await;
        assert_eq!(seen, (11, 110), "the old release keeps its own keys");
    }

    async fn sets_under_different_keys_are_merged(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| shop.tags = ["a", "b"].map(Into::into).into()).await;
        new.visit(async |shop| {
            shop.labels.remove("a");
            shop.labels.insert("new".into());
            old.visit(async |shop| shop.tags.insert("old".into())).await;
        })
        .await;
        assert_eq!(new.visit(async |shop| shop.labels.clone()).await, ["b", "new", "old"].map(Into::into).into());
    }

    /// Each request that upgrades the value writes the entries in another order.
    async fn an_upgrade_by_two_requests_is_no_conflict(world) {
        let (old, one, other) = (world.release::<v1::Shop>(), world.release::<Shop>(), world.release::<Shop>());
        old.visit(async |shop| {
            shop.stock = (0..30).map(|number| (number.to_string(), number)).collect();
            shop.seen = (0..30).collect();
        })
        .await;
        one.visit(async |shop| {
            shop.stock.insert("tea".into(), 1);
            shop.seen.insert(99);
            other.visit(async |shop| shop.name = "ann".into()).await;
        })
        .await;
        let seen = one.visit(async |shop| (shop.stock.len(), shop.seen.len(), shop.name.clone())).await;
        assert_eq!(seen, (31, 31, "ann".into()));
        let late = one.attempt(async |shop| {
            shop.seen.insert(100);
            other.visit(async |shop| shop.seen.remove(&1)).await;
        });
        assert_eq!(late.await.status, 409, "a change is a conflict");
    }

    async fn a_concurrent_upgrade_is_counted_once(world) {
        world.release::<v1::Shop>().visit(async |shop| shop.visits = 10).await;
        let (one, other) = (world.release::<Shop>(), world.release::<Shop>());
        one.visit(async |shop| {
            shop.visits += 1;
            other.visit(async |shop| shop.visits += 2).await;
        })
        .await;
        assert_eq!(one.visit(async |shop| shop.visits).await, 13);
    }

    async fn a_concurrent_change_by_old_code_is_upgraded_too(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| shop.clicks = 1).await;
        new.visit(async |shop| {
            shop.name = "ann".into();
            old.visit(async |shop| shop.clicks = 2).await;
        })
        .await;
        assert_eq!(new.visit(async |shop| (shop.taps, shop.name.clone())).await, (2, "ann".into()));
    }

    async fn update_runs_on_the_latest_value_of_old_code(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| shop.clicks = 1).await;
        new.visit(async |shop| {
            old.visit(async |shop| shop.clicks = 7).await;
            shop.update(|shop| shop.taps *= 2).await.unwrap();
            assert_eq!(shop.taps, 14);
        })
        .await;
    }

    /// A logout removes values under older names too, so that a reset value does not come back.
    async fn logout_by_new_code(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| {
            (shop.clicks, shop.theme, shop.tint) = (5, "dark".into(), "red".into());
            shop.user = Some(7);
        })
        .await;
        new.visit(async |shop| shop.logout()).await;
        let seen = new.visit(async |shop| (shop.taps, shop.skin.clone(), shop.tint.clone(), shop.user)).await;
        assert_eq!(seen, (0, "dark".into(), "red".into(), None), "a renamed field survives too");
        let seen = old.visit(async |shop| (shop.clicks, shop.theme.clone())).await;
        assert_eq!(seen, (0, "dark".into()), "reset for old code too");
    }

    async fn logout_by_old_code(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        new.visit(async |shop| (shop.skin, shop.tint, shop.user) = ("dark".into(), "red".into(), Some(7))).await;
        old.visit(async |shop| shop.logout()).await;
        let seen = new.visit(async |shop| (shop.skin.clone(), shop.tint.clone(), shop.user)).await;
        assert_eq!(seen, (String::new(), "red".into(), None), "old code does not know that `skin` survives");
    }
}
