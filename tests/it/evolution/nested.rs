//! Changes inside the type of a field.

use serde::{Deserialize, Serialize};

mod v1 {
    use session::Session;

    #[derive(Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
    pub(super) struct Item {
        pub sku: String,
        pub qty: u32,
    }

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) enum Theme {
        Light,
        Dark,
    }

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub visits: u64,
        pub item: Item,
        #[session(default = Theme::Light)]
        pub theme: Theme,
    }
}

mod optional_member {
    use session::Session;

    use super::super::on_every_store;
    use super::{Deserialize, Serialize, v1};

    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    struct Item {
        sku: String,
        qty: u32,
        #[serde(default)]
        gift: bool,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        item: Item,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.item = v1::Item { sku: "tea".into(), qty: 2 }).await;
            let expected = Item { sku: "tea".into(), qty: 2, gift: false };
            world.release::<Shop>().visit(async |shop| assert_eq!(shop.item, expected)).await;
        }

        async fn old_code_new_data(world) {
            let new = world.release::<Shop>();
            new.visit(async |shop| shop.item = Item { sku: "tea".into(), qty: 2, gift: true }).await;
            let old = world.release::<v1::Shop>();
            old.visit(async |shop| assert_eq!(shop.item.qty, 2)).await;
            old.visit(async |shop| shop.visits += 1).await;
            new.visit(async |shop| assert!(shop.item.gift, "a change of another field keeps the member")).await;
            old.visit(async |shop| shop.item.qty += 1).await;
            new.visit(async |shop| {
                assert_eq!((shop.item.qty, shop.item.gift), (3, false), "a change of this field drops the member");
            })
            .await;
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.item.qty = 1).await;
            new.visit(async |shop| shop.item.gift = true).await;
            new.visit(async |shop| assert_eq!((shop.item.qty, shop.item.gift), (1, true))).await;
            old.visit(async |shop| shop.item.qty = 5).await;
            new.visit(async |shop| assert_eq!((shop.item.qty, shop.item.gift), (5, false), "the later value")).await;
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| (shop.item.qty, shop.item.gift) = (4, true)).await;
            old.visit(async |shop| assert_eq!((shop.item.qty, shop.problems().len()), (4, 0))).await;
            new.visit(async |shop| assert!(shop.item.gift)).await;
        }
    }
}

/// A change that needs an upgrade: without one, nothing is destroyed.
mod required_or_renamed_member {
    use session::Session;

    use super::super::on_every_store;
    use super::{Deserialize, Serialize, v1};

    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    struct Item {
        sku: String,
        amount: u32,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        item: Item,
    }

    /// The same change with an upgrade.
    mod upgraded {
        use session::Session;

        use super::super::v1;
        use super::Item;

        fn convert(old: v1::Item) -> Item {
            Item { sku: old.sku, amount: old.qty }
        }

        #[derive(Session)]
        #[session(name = "shop", version = 2, lock = off)]
        pub(super) struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(upgrade(in = 2, from = v1::Item, with = convert))]
            pub item: Item,
        }
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.item = v1::Item { sku: "tea".into(), qty: 2 }).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| {
                assert_eq!(shop.item, Item::default());
                assert_eq!(shop.problems()[0].field(), "item");
                shop.visits += 1;
            })
            .await;
            assert_eq!(world.stored("item").await.unwrap(), r#"{"sku":"tea","qty":2}"#, "kept");
            world.release::<v1::Shop>().visit(async |shop| assert_eq!(shop.item.qty, 2)).await;
        }

        async fn old_code_new_data(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.item.amount = 3).await;
            old.visit(async |shop| {
                assert_eq!((shop.item.qty, shop.problems().len()), (0, 1));
                shop.visits += 1;
            })
            .await;
            new.visit(async |shop| assert_eq!(shop.item.amount, 3)).await;
        }

        async fn by_an_upgrade(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<upgraded::Shop>());
            old.visit(async |shop| shop.item = v1::Item { sku: "tea".into(), qty: 2 }).await;
            new.visit(async |shop| shop.item.amount += 1).await;
            new.visit(async |shop| assert_eq!((&*shop.item.sku, shop.item.amount), ("tea", 3))).await;
            old.visit(async |shop| assert_eq!((&*shop.item.sku, shop.item.qty), ("tea", 2))).await;
        }
    }
}

mod variant {
    use session::Session;

    use super::super::on_every_store;
    use super::{Deserialize, Serialize, v1};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Theme {
        Light,
        Dark,
        Sepia,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(default = Theme::Light)]
        theme: Theme,
    }

    on_every_store! {
        async fn added_new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.theme = v1::Theme::Dark).await;
            world.release::<Shop>().visit(async |shop| assert_eq!(shop.theme, Theme::Dark)).await;
        }

        /// For the old code, it is a variant that was removed.
        async fn added_old_code_new_data(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.theme = Theme::Sepia).await;
            old.visit(async |shop| {
                assert_eq!(shop.theme, v1::Theme::Light, "the default");
                assert_eq!(shop.problems()[0].field(), "theme");
            })
            .await;
        }

        async fn added_interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.theme = Theme::Sepia).await;
            for round in 1..=3 {
                old.visit(async |shop| shop.visits += 1).await;
                new.visit(async |shop| assert_eq!((shop.visits, &shop.theme), (round, &Theme::Sepia))).await;
            }
            old.visit(async |shop| shop.theme = v1::Theme::Dark).await;
            new.visit(async |shop| assert_eq!(shop.theme, Theme::Dark)).await;
        }

        async fn added_rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.theme = Theme::Sepia).await;
            old.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.stored("theme").await.unwrap(), "\"Sepia\"", "unchanged");
        }

        async fn a_reset_replaces_an_unknown_variant(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.theme = Theme::Sepia).await;
            old.visit(async |shop| shop.set_theme(v1::Theme::Light)).await;
            new.visit(async |shop| {
                assert_eq!(shop.theme, Theme::Sepia, "the value was read as Light, so nothing changed");
            })
            .await;
            old.visit(async |shop| shop.reset(v1::Shop::THEME)).await;
            new.visit(async |shop| assert_eq!(shop.theme, Theme::Light, "a reset is always written")).await;
        }
    }
}

mod moved_into_a_nested_type {
    use session::Session;

    use super::super::on_every_store;
    use super::{Deserialize, Serialize};

    mod flat {
        use session::Session;

        #[derive(Session)]
        #[session(name = "shop", lock = off)]
        pub(super) struct Shop {
            pub street: String,
            pub city: Option<String>,
        }
    }

    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    struct Address {
        street: String,
        city: Option<String>,
    }

    fn address(street: String, city: Option<String>) -> Address {
        Address { street, city }
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, reserved("zip"), lock = off)]
    struct Shop {
        #[session(since = 2, upgrade(in = 2, from("street": String, "city": Option<String>), with = address))]
        address: Address,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            let (old, new) = (world.release::<flat::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.street = "Elm St 1".into()).await;
            new.visit(async |shop| assert_eq!((&*shop.address.street, &shop.address.city), ("Elm St 1", &None))).await;
            old.visit(async |shop| shop.city = Some("Bonn".into())).await;
            new.visit(async |shop| assert_eq!(shop.address.city.as_deref(), Some("Bonn"))).await;
        }

        async fn old_code_new_data(world) {
            let (old, new) = (world.release::<flat::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.street = "Elm St 1".into()).await;
            new.visit(async |shop| shop.address.street = "Oak St 2".into()).await;
            old.visit(async |shop| assert_eq!(shop.street, "Elm St 1")).await;
        }
    }
}
