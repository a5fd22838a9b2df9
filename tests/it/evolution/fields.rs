//! Fields that are added, removed and renamed.

use super::on_every_store;

/// The first release.
mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub visits: u64,
        pub username: String,
        pub nickname: Option<String>,
        pub coupon: String,
    }
}

mod added {
    use session::Session;

    use super::{on_every_store, v1};

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        username: String,
        nickname: Option<String>,
        coupon: String,
        #[session(since = 2, default = 20)]
        page_size: u16,
        #[session(since = 2)]
        theme: Option<String>,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.visits += 1).await;
            let before = world.record().await;
            let new = world.release::<Shop>();
            assert_eq!(new.visit(async |shop| (shop.page_size, shop.theme.clone())).await, (20, None));
            assert_eq!(world.record().await.revision(), before.revision(), "reading writes nothing");
            new.visit(async |shop| shop.page_size = 50).await;
            assert_eq!(world.keys().await, ["page_size", "visits"]);
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| (shop.page_size, shop.theme) = (50, Some("dark".into()))).await;
            let old = world.release::<v1::Shop>();
            old.visit(async |shop| shop.visits += 1).await;
            assert_eq!(old.visit(async |shop| (shop.visits, shop.problems().len())).await, (1, 0));
            assert_eq!(world.stored("page_size").await.unwrap(), "50");
            assert_eq!(world.stored("theme").await.unwrap(), "\"dark\"");
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            for round in 1..=5 {
                old.visit(async |shop| shop.visits += 1).await;
                new.visit(async |shop| {
                    shop.visits += 1;
                    shop.page_size += 1;
                    shop.theme = Some(format!("theme {round}"));
                })
                .await;
            }
            let seen = new.visit(async |shop| (shop.visits, shop.page_size, shop.theme.clone())).await;
            assert_eq!(seen, (10, 25, Some("theme 5".into())));
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            new.visit(async |shop| shop.page_size = 50).await;
            old.visit(async |shop| shop.username = "ann".into()).await;
            assert_eq!(new.visit(async |shop| (shop.page_size, shop.username.clone())).await, (50, "ann".into()));
        }
    }
}

mod removed {
    use session::Session;

    use super::{on_every_store, v1};

    #[derive(Session)]
    #[session(name = "shop", version = 2, reserved("coupon"), lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        username: String,
        nickname: Option<String>,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.coupon = "TEA".into()).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(new.visit(async |shop| (shop.visits, shop.problems().len())).await, (1, 0));
            assert_eq!(world.stored("coupon").await.unwrap(), "\"TEA\"");
        }

        async fn new_code_ignores_a_bad_value(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.coupon = "TEA".into()).await;
            world.plant("coupon", b"\xff").await;
            world.release::<Shop>().visit(async |shop| assert!(shop.problems().is_empty())).await;
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.visits += 1).await;
            let seen = world.release::<v1::Shop>().visit(async |shop| (shop.visits, shop.coupon.clone())).await;
            assert_eq!(seen, (1, String::new()));
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            for round in ["A", "B", "C"] {
                old.visit(async |shop| shop.coupon.push_str(round)).await;
                new.visit(async |shop| shop.visits += 1).await;
            }
            assert_eq!(old.visit(async |shop| (shop.coupon.clone(), shop.visits)).await, ("ABC".into(), 3));
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.coupon = "TEA".into()).await;
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(old.visit(async |shop| shop.coupon.clone()).await, "TEA");
        }
    }
}

mod purged {
    use session::Session;

    use super::{on_every_store, v1};

    #[derive(Session)]
    #[session(name = "shop", version = 3, purge("coupon"), lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.coupon = "TEA".into()).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| assert_eq!(shop.visits, 0)).await;
            assert_eq!(world.keys().await, ["coupon"], "reading writes nothing");
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["visits"]);
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.release::<v1::Shop>().visit(async |shop| shop.coupon.clone()).await, "");
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            for round in 1..=3 {
                old.visit(async |shop| shop.coupon = "TEA".into()).await;
                assert_eq!(world.stored("coupon").await.unwrap(), "\"TEA\"");
                new.visit(async |shop| shop.visits += 1).await;
                assert_eq!(world.stored("coupon").await, None, "purged again, in round {round}");
            }
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| (shop.coupon, shop.username) = ("TEA".into(), "ann".into())).await;
            new.visit(async |shop| shop.visits += 1).await;
            let seen = old.visit(async |shop| (shop.coupon.clone(), shop.username.clone(), shop.visits)).await;
            assert_eq!(seen, (String::new(), "ann".into(), 1), "only the purged field is gone");
        }
    }
}

mod renamed {
    use session::Session;

    use super::{on_every_store, v1};

    #[derive(Session)]
    #[session(name = "shop", version = 3, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(was = "handle", was = "username")]
        account: String,
        #[session(was = "nickname")]
        alias: Option<String>,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.username = "ann".into()).await;
            let new = world.release::<Shop>();
            assert_eq!(new.visit(async |shop| shop.account.clone()).await, "ann");
            assert_eq!(world.keys().await, ["username"], "reading writes nothing");
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["account", "username", "visits"], "the old key stays");
        }

        async fn old_code_new_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.username = "ann".into()).await;
            world.release::<Shop>().visit(async |shop| shop.account = "bea".into()).await;
            let old = world.release::<v1::Shop>();
            assert_eq!(old.visit(async |shop| shop.username.clone()).await, "ann", "its own value");
            old.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.stored("account").await.unwrap(), "\"bea\"");
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.username = "ann".into()).await;
            new.visit(async |shop| assert_eq!(shop.account, "ann")).await;
            old.visit(async |shop| shop.username = "bea".into()).await;
            new.visit(async |shop| assert_eq!(shop.account, "bea", "no value is stored under the new name yet")).await;
            new.visit(async |shop| shop.account = "cam".into()).await;
            old.visit(async |shop| shop.username = "dan".into()).await;
            new.visit(async |shop| assert_eq!(shop.account, "cam", "the new name takes precedence")).await;
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.username = "ann".into()).await;
            new.visit(async |shop| shop.account = "bea".into()).await;
            assert_eq!(old.visit(async |shop| shop.username.clone()).await, "ann");
            assert_eq!(new.visit(async |shop| shop.account.clone()).await, "bea");
        }

        async fn the_first_older_name_takes_precedence(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.username = "ann".into()).await;
            world.plant("handle", b"\"bea\"").await;
            world.release::<Shop>().visit(async |shop| assert_eq!(shop.account, "bea")).await;
        }

        /// If `None` were stored as an absent field, the value under the older name would come back.
        async fn none_stays_none(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.nickname = Some("annie".into())).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| shop.alias = None).await;
            assert_eq!(new.visit(async |shop| shop.alias.clone()).await, None);
            new.visit(async |shop| shop.alias = Some("bea".into())).await;
            new.visit(async |shop| shop.reset(Shop::ALIAS)).await;
            assert_eq!(new.visit(async |shop| shop.alias.clone()).await, None);
            assert_eq!(world.stored("nickname").await.unwrap(), "\"annie\"");
        }
    }
}
