//! Fields whose type changes, that are joined, or that are split.

/// A price in cents.
#[derive(Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
struct Money {
    cents: u64,
}

fn to_money(euros: u32) -> Money {
    Money { cents: u64::from(euros) * 100 }
}

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub visits: u64,
        pub total: u32,
        pub level: u16,
        pub first: String,
        pub last: String,
        pub title: Option<String>,
        pub address: String,
    }
}

mod changed {
    use session::Session;

    use super::super::on_every_store;
    use super::{Money, to_money, v1};

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(upgrade(in = 2, from = u32, with = to_money))]
        total: Money,
    }

    /// A later release that deletes the first key.
    mod later {
        use session::Session;

        use super::{Money, to_money};

        #[derive(Session)]
        #[session(name = "shop", version = 3, purge("total"), lock = off)]
        pub(super) struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(upgrade(in = 2, from = u32, with = to_money))]
            pub total: Money,
        }
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.total = 7).await;
            let new = world.release::<Shop>();
            assert_eq!(new.visit(async |shop| shop.total.cents).await, 700);
            assert_eq!(world.keys().await, ["total"], "reading writes nothing");
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.stored("total").await.unwrap(), "7", "unchanged");
            assert_eq!(world.stored("total@2").await.unwrap(), r#"{"cents":700}"#);
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.total.cents = 950).await;
            let old = world.release::<v1::Shop>();
            assert_eq!(old.visit(async |shop| (shop.total, shop.problems().len())).await, (0, 0));
            old.visit(async |shop| shop.total = 3).await;
            assert_eq!(world.keys().await, ["total", "total@2"]);
            assert_eq!(world.release::<Shop>().visit(async |shop| shop.total.cents).await, 950);
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.total = 1).await;
            for round in 1..=4 {
                old.visit(async |shop| shop.total += 1).await;
                new.visit(async |shop| shop.total.cents += 1).await;
                assert_eq!(old.visit(async |shop| shop.total).await, 1 + round);
                assert_eq!(new.visit(async |shop| shop.total.cents).await, 200 + u64::from(round), "independent");
            }
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.total = 7).await;
            new.visit(async |shop| shop.total.cents = 950).await;
            assert_eq!(old.visit(async |shop| shop.total).await, 7, "unchanged");
            assert_eq!(new.visit(async |shop| shop.total.cents).await, 950);
        }

        async fn the_first_key_is_purged_after_the_upgrade(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.total = 7).await;
            let new = world.release::<later::Shop>();
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["total@2", "visits"]);
            assert_eq!(new.visit(async |shop| shop.total.cents).await, 700);
        }
    }
}

mod changed_twice {
    use session::Session;

    use super::super::on_every_store;
    use super::v1;

    #[derive(Debug, PartialEq, Default, Clone, serde::Serialize, serde::Deserialize)]
    struct Level(String);

    fn widen(level: u16) -> u32 {
        u32::from(level) * 10
    }

    fn name(level: u32) -> Level {
        Level(format!("level {level}"))
    }

    mod v2 {
        use session::Session;

        #[derive(Session)]
        #[session(name = "shop", version = 2, lock = off)]
        pub(super) struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(upgrade(in = 2, from = u16, with = super::widen))]
            pub level: u32,
        }
    }

    #[derive(Session)]
    #[session(name = "shop", version = 4, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(upgrade(in = 2, from = u16, with = widen), upgrade(in = 4, from = u32, with = name))]
        level: Level,
    }

    on_every_store! {
        async fn new_code_data_of_the_first_version(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.level = 3).await;
            let new = world.release::<Shop>();
            assert_eq!(new.visit(async |shop| shop.level.0.clone()).await, "level 30");
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["level", "level@4", "visits"], "only the last step is stored");
        }

        async fn new_code_data_of_the_second_version(world) {
            world.release::<v2::Shop>().visit(async |shop| shop.level = 7).await;
            assert_eq!(world.release::<Shop>().visit(async |shop| shop.level.0.clone()).await, "level 7");
        }

        async fn new_code_data_of_both(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.level = 3).await;
            world.release::<v2::Shop>().visit(async |shop| shop.level += 1).await;
            world.release::<Shop>().visit(async |shop| {
                assert_eq!(shop.level.0, "level 31", "the newest value is upgraded");
            })
            .await;
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.level = Level("top".into())).await;
            world.release::<v1::Shop>().visit(async |shop| assert_eq!(shop.level, 0)).await;
            world.release::<v2::Shop>().visit(async |shop| assert_eq!(shop.level, 0)).await;
        }

        async fn interleaved(world) {
            let (one, two, four) = (world.release::<v1::Shop>(), world.release::<v2::Shop>(), world.release::<Shop>());
            one.visit(async |shop| shop.level = 1).await;
            two.visit(async |shop| shop.level += 5).await;
            four.visit(async |shop| shop.level.0.push('!')).await;
            one.visit(async |shop| shop.level += 1).await;
            two.visit(async |shop| shop.level += 1).await;
            assert_eq!(one.visit(async |shop| shop.level).await, 2);
            assert_eq!(two.visit(async |shop| shop.level).await, 16);
            assert_eq!(four.visit(async |shop| shop.level.0.clone()).await, "level 15!");
        }

        async fn rollback(world) {
            let (one, two, four) = (world.release::<v1::Shop>(), world.release::<v2::Shop>(), world.release::<Shop>());
            one.visit(async |shop| shop.level = 1).await;
            four.visit(async |shop| shop.level = Level("top".into())).await;
            assert_eq!(two.visit(async |shop| shop.level).await, 10);
            assert_eq!(one.visit(async |shop| shop.level).await, 1);
        }
    }
}

mod fallible {
    use session::{ErrorKind, Session};

    use super::super::on_every_store;
    use super::v1;

    #[derive(Debug, PartialEq, Default, Clone, serde::Serialize, serde::Deserialize)]
    struct Stars(u8);

    fn stars(level: u16) -> Result<Stars, String> {
        match u8::try_from(level) {
            Ok(stars @ 0..=5) => Ok(Stars(stars)),
            _ => Err("more than five stars".into()),
        }
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, purge("level"), lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(upgrade(in = 2, from = u16, try_with = stars))]
        level: Stars,
    }

    mod strict {
        use session::Session;

        #[derive(Session)]
        #[session(name = "shop", version = 2, lock = off)]
        pub(super) struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(upgrade(in = 2, from = u16, try_with = super::stars), on_corrupt = "reject")]
            pub level: super::Stars,
        }
    }

    on_every_store! {
        async fn an_accepted_value_is_upgraded(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.level = 5).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["level@2", "visits"]);
            assert_eq!(new.visit(async |shop| shop.level.0).await, 5);
        }

        async fn a_refused_value_is_kept_although_its_key_is_purged(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.level = 9).await;
            let new = world.release::<Shop>();
            let problem = new.visit(async |shop| {
                shop.visits += 1;
                assert_eq!(shop.level, Stars(0));
                format!("{}: {}", shop.problems()[0].field(), shop.problems()[0])
            });
            assert_eq!(
                problem.await,
                "level: session `shop`: field `level`: the upgrade of version 2 refused the stored value \
                 (stored by version 1, read by version 2)"
            );
            assert_eq!(world.stored("level").await.unwrap(), "9", "kept for releases that accept it");
            new.visit(async |shop| shop.level = Stars(4)).await;
            assert_eq!(new.visit(async |shop| (shop.level.0, shop.problems().len())).await, (4, 0));
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, ["level@2", "visits"], "purged when it is replaced");
        }

        async fn a_field_that_rejects_fails_the_load(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.level = 9).await;
            let before = world.record().await.encode();
            let answer = world.release::<strict::Shop>().attempt(async |shop| shop.visits += 1).await;
            assert_eq!(answer.outcome.unwrap_err().kind(), ErrorKind::Undecodable);
            assert_eq!(world.record().await.encode(), before, "unchanged");
        }

        async fn old_code_reads_its_own_value(world) {
            let old = world.release::<v1::Shop>();
            old.visit(async |shop| shop.level = 9).await;
            world.release::<Shop>().visit(async |shop| shop.visits += 1).await;
            old.visit(async |shop| assert_eq!((shop.level, shop.visits), (9, 1))).await;
        }
    }
}

mod two_become_one {
    use session::Session;

    use super::super::on_every_store;
    use super::v1;

    fn join(title: Option<String>, first: String, last: String) -> String {
        [title.unwrap_or_default(), first, last].join(" ").trim().to_owned()
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(
            since = 2,
            default = "nobody",
            upgrade(in = 2, from("title": Option<String>, "first": String, "last": String), with = join),
        )]
        name: String,
    }

    /// A later release that deletes the keys that the value was made from.
    mod later {
        use session::Session;

        #[derive(Session)]
        #[session(name = "shop", version = 3, purge("title", "first", "last"), lock = off)]
        pub(super) struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(
                since = 2,
                default = "nobody",
                upgrade(in = 2, from("title": Option<String>, "first": String, "last": String), with = super::join),
            )]
            pub name: String,
        }
    }

    on_every_store! {
        /// A key that an upgrade still needs is not deleted.
        async fn an_incomplete_source_is_kept_although_it_is_purged(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<later::Shop>());
            old.visit(async |shop| shop.first = "Ann".into()).await;
            new.visit(async |shop| {
                assert_eq!(shop.name, "nobody");
                shop.visits += 1;
            })
            .await;
            assert_eq!(world.stored("first").await.unwrap(), "\"Ann\"");
            old.visit(async |shop| shop.last = "Lee".into()).await;
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(new.visit(async |shop| shop.name.clone()).await, "Ann Lee");
            assert_eq!(world.keys().await, ["name", "visits"]);
        }

        async fn new_code_old_data(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| (shop.visits, shop.first) = (1, "Ann".into())).await;
            new.visit(async |shop| assert_eq!(shop.name, "nobody", "one of two sources is not enough")).await;
            old.visit(async |shop| shop.last = "Lee".into()).await;
            new.visit(async |shop| assert_eq!(shop.name, "Ann Lee")).await;
            old.visit(async |shop| shop.title = Some("Dr".into())).await;
            new.visit(async |shop| {
                shop.visits = 2;
                assert_eq!(shop.name, "Dr Ann Lee");
            })
            .await;
            assert_eq!(world.keys().await, ["first", "last", "name", "title", "visits"]);
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.name = "Ann Lee".into()).await;
            world.release::<v1::Shop>().visit(async |shop| assert_eq!((&*shop.first, &*shop.last), ("", ""))).await;
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| (shop.first, shop.last) = ("Ann".into(), "Lee".into())).await;
            new.visit(async |shop| shop.name.push('!')).await;
            old.visit(async |shop| shop.last = "Poe".into()).await;
            new.visit(async |shop| assert_eq!(shop.name, "Ann Lee!", "the new key takes precedence")).await;
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| (shop.first, shop.last) = ("Ann".into(), "Lee".into())).await;
            new.visit(async |shop| shop.name = "Bea".into()).await;
            old.visit(async |shop| assert_eq!((&*shop.first, &*shop.last), ("Ann", "Lee"))).await;
        }
    }
}

mod one_becomes_two {
    use session::Session;

    use super::super::on_every_store;
    use super::v1;

    fn street(address: String) -> String {
        address.split(", ").next().unwrap_or_default().into()
    }

    fn city(address: String) -> Option<String> {
        address.split(", ").nth(1).map(Into::into)
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
        #[session(since = 2, upgrade(in = 2, from("address": String), with = street))]
        street: String,
        #[session(since = 2, upgrade(in = 2, from("address": String), with = city))]
        city: Option<String>,
    }

    on_every_store! {
        async fn new_code_old_data(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.address = "Elm St 1, Bonn".into()).await;
            let new = world.release::<Shop>();
            new.visit(async |shop| assert_eq!((&*shop.street, shop.city.as_deref()), ("Elm St 1", Some("Bonn")))).await;
            new.visit(async |shop| shop.city = None).await;
            new.visit(async |shop| {
                assert_eq!((&*shop.street, &shop.city), ("Elm St 1", &None), "`None` stays `None`");
            })
            .await;
        }

        async fn a_none_that_an_upgrade_makes_is_kept(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.address = "Elm St 1".into()).await;
            new.visit(async |shop| shop.visits += 1).await;
            old.visit(async |shop| shop.address = "Oak St 2, Rome".into()).await;
            new.visit(async |shop| {
                assert_eq!((&*shop.street, &shop.city), ("Elm St 1", &None), "both fields were upgraded together");
            })
            .await;
        }

        async fn old_code_new_data(world) {
            world.release::<Shop>().visit(async |shop| shop.street = "Elm St 1".into()).await;
            world.release::<v1::Shop>().visit(async |shop| assert_eq!(shop.address, "")).await;
        }

        async fn interleaved(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.address = "Elm St 1, Bonn".into()).await;
            new.visit(async |shop| shop.street = "Oak St 2".into()).await;
            old.visit(async |shop| shop.address = "Fir St 3, Rome".into()).await;
            let seen = new.visit(async |shop| (shop.street.clone(), shop.city.clone())).await;
            assert_eq!(seen, ("Oak St 2".into(), Some("Bonn".into())), "both were upgraded together");
        }

        async fn rollback(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.address = "Elm St 1, Bonn".into()).await;
            new.visit(async |shop| (shop.street, shop.city) = ("Oak St 2".into(), None)).await;
            old.visit(async |shop| assert_eq!(shop.address, "Elm St 1, Bonn")).await;
        }
    }
}
