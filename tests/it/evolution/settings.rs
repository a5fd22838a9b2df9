//! Changes of attributes: merge strategies, codecs, defaults, and the versions that may read a session.

use serde::{Deserialize, Serialize};
use session::ErrorKind;

use super::on_every_store;

#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Item {
    pub sku: String,
    pub qty: u32,
}

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        pub visits: u64,
        #[session(default = 10)]
        pub page_size: u16,
        pub item: super::Item,
        pub token: Option<String>,
    }
}

mod merge_changed {
    use session::Session;

    use super::super::on_every_store;
    use super::v1;

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Shop {
        #[session(merge = counter)]
        visits: u64,
    }

    on_every_store! {
        async fn the_stored_bytes_are_the_same(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.visits = 5).await;
            new.visit(async |shop| shop.visits += 1).await;
            old.visit(async |shop| assert_eq!(shop.visits, 6)).await;
        }

        async fn each_release_merges_by_its_own_strategy(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
            old.visit(async |shop| shop.visits = 3).await;
            new.visit(async |shop| {
                shop.visits += 1;
                old.visit(async |shop| shop.visits = 10).await;
            })
            .await;
            old.visit(async |shop| {
                assert_eq!(shop.visits, 11, "the counter adds");
                shop.visits = 20;
                new.visit(async |shop| shop.visits += 1).await;
            })
            .await;
            new.visit(async |shop| assert_eq!(shop.visits, 20, "the value of the later commit")).await;
        }
    }
}

mod codec_changed {
    use session::{ErrorKind, Session};

    use super::super::on_every_store;
    use super::{Item, v1};

    macro_rules! release {
        ($name:ident, $codec:ident) => {
            #[derive(Session)]
            #[session(name = "shop", version = 2, codec = $codec, lock = off)]
            struct $name {
                #[session(merge = counter)]
                visits: u64,
                #[session(default = 10)]
                page_size: u16,
                item: Item,
                token: Option<String>,
                #[session(was = "old_note")]
                note: Option<String>,
            }
        };
    }
    release!(Json, json);
    release!(MessagePack, msgpack);
    release!(Postcard, postcard);

    /// Writes with one release and reads with the other one, in both directions.
    macro_rules! both_directions {
        ($world:ident, $one:ident, $other:ident, $tag:literal) => {
            let (one, other) = ($world.release::<$one>(), $world.release::<$other>());
            one.visit(async |shop| {
                (shop.visits, shop.item) = (300, Item { sku: "tea".into(), qty: 2 });
                shop.token = Some("t".into());
            })
            .await;
            $world.edit(|section| assert_eq!(section.codec, $tag)).await;
            other
                .visit(async |shop| {
                    assert_eq!((shop.visits, shop.item.qty, shop.page_size), (300, 2, 10));
                    (shop.visits, shop.item.qty, shop.token) = (301, 3, None);
                    one.visit(async |shop| shop.visits += 1).await;
                })
                .await;
            one.visit(async |shop| {
                assert_eq!((shop.visits, &*shop.item.sku, shop.item.qty, &shop.token), (302, "tea", 3, &None));
                assert!(shop.problems().is_empty());
            })
            .await;
            $world.edit(|section| assert_eq!(section.codec, $tag, "as long as the record exists")).await;
        };
    }

    on_every_store! {
        async fn json_to_messagepack(world) {
            both_directions!(world, Json, MessagePack, 1);
        }

        async fn messagepack_to_postcard(world) {
            both_directions!(world, MessagePack, Postcard, 2);
        }

        async fn postcard_to_json(world) {
            both_directions!(world, Postcard, Json, 3);
        }

        async fn unknown_values_are_not_transcoded(world) {
            world.release::<v1::Shop>().visit(async |shop| shop.visits = 1).await;
            world.plant("future", b"{\"a\": 1}").await;
            world.release::<Postcard>().visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.stored("future").await.unwrap(), "{\"a\": 1}");
        }

        async fn an_upgraded_value_is_written_in_the_codec_of_its_section(world) {
            world.release::<MessagePack>().visit(async |shop| shop.visits = 1).await;
            world.plant("old_note", b"\xa3old").await;
            let new = world.release::<Postcard>();
            new.visit(async |shop| assert_eq!(shop.note.as_deref(), Some("old"))).await;
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.stored("note").await.unwrap().as_bytes()[3..], *b"old");
            new.visit(async |shop| shop.note = None).await;
            new.visit(async |shop| assert_eq!(shop.note, None)).await;
        }

        async fn an_unknown_codec_refuses_the_session(world) {
            let release = world.release::<v1::Shop>();
            release.visit(async |shop| shop.visits = 1).await;
            world.edit(|section| section.codec = 9).await;
            let before = world.record().await.encode();
            let error = release.attempt(async |shop| shop.visits += 1).await.outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Undecodable);
            assert_eq!(error.to_string(), "session `shop`: stored with codec 9, which this version does not know");
            assert_eq!(world.record().await.encode(), before, "unchanged");
        }
    }
}

mod not_stored {
    use session::{Secret, Session};

    use super::super::on_every_store;
    use super::v1;

    #[derive(Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
    struct Ware {
        sku: String,
        qty: u32,
    }

    /// A release with another default, another order of fields, another type name, and a secret.
    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    struct Other {
        token: Option<Secret<String>>,
        item: Ware,
        #[session(default = 50)]
        page_size: u16,
        visits: u64,
    }

    on_every_store! {
        async fn an_absent_field_reads_as_the_default_of_the_release(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Other>());
            old.visit(async |shop| shop.visits = 1).await;
            new.visit(async |shop| assert_eq!(shop.page_size, 50)).await;
            old.visit(async |shop| assert_eq!(shop.page_size, 10)).await;
            old.visit(async |shop| shop.page_size = 20).await;
            new.visit(async |shop| assert_eq!(shop.page_size, 20)).await;
        }

        async fn the_order_of_fields_and_names_of_types_are_not_stored(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Other>());
            old.visit(async |shop| (shop.visits, shop.item.qty) = (3, 2)).await;
            new.visit(async |shop| assert_eq!((shop.visits, shop.item.qty), (3, 2))).await;
            let before = world.keys().await;
            new.visit(async |shop| shop.visits += 1).await;
            assert_eq!(world.keys().await, before);
            old.visit(async |shop| assert_eq!(shop.visits, 4)).await;
        }

        async fn a_secret_is_stored_as_its_value(world) {
            let (old, new) = (world.release::<v1::Shop>(), world.release::<Other>());
            old.visit(async |shop| shop.token = Some("t1".into())).await;
            new.visit(async |shop| {
                assert_eq!(shop.token.as_ref().unwrap().expose(), "t1");
                shop.token = Some(Secret::new("t2".into()));
            })
            .await;
            old.visit(async |shop| assert_eq!(shop.token.as_deref(), Some("t2"))).await;
        }
    }
}

mod newer {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", version = 2, newer = "readonly", purge("item"), lock = off)]
    pub(super) struct Readonly {
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, newer = "reject", lock = off)]
    pub(super) struct Reject {
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, purge("item"), lock = off)]
    pub(super) struct Accept {
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 3, lock = off)]
    pub(super) struct Shop {
        pub visits: u64,
        pub item: super::Item,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 4, min_reader = 3, lock = off)]
    pub(super) struct Demanding {
        pub visits: u64,
    }

    /// A release with a `user` field.
    #[derive(Session)]
    #[session(name = "shop", version = 3, lock = off)]
    pub(super) struct Account {
        #[session(user)]
        pub user: Option<u32>,
        #[session(survive)]
        pub visits: u64,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, newer = "readonly", lock = off)]
    pub(super) struct OldAccount {
        #[session(user)]
        pub user: Option<u32>,
        #[session(survive)]
        pub visits: u64,
    }

    /// Another section of the same record.
    #[derive(Session)]
    #[session(name = "other", lock = off)]
    pub(super) struct Other {
        pub note: String,
    }
}

on_every_store! {
    async fn newer_accept(world) {
        let (new, old) = (world.release::<newer::Shop>(), world.release::<newer::Accept>());
        new.visit(async |shop| shop.visits = 1).await;
        old.visit(async |shop| shop.visits += 1).await;
        new.visit(async |shop| assert_eq!(shop.visits, 2)).await;
        world.edit(|section| assert_eq!(section.version, 3, "a version never decreases")).await;
    }

    async fn newer_readonly(world) {
        let (new, old) = (world.release::<newer::Shop>(), world.release::<newer::Readonly>());
        new.visit(async |shop| (shop.visits, shop.item.qty) = (1, 5)).await;
        let before = world.record().await.encode();
        let error = old.attempt(async |shop| {
            assert_eq!(shop.visits, 1);
            shop.visits += 1;
            shop.commit().await.unwrap_err()
        });
        let error = error.await.outcome.unwrap();
        assert_eq!(error.kind(), ErrorKind::Newer);
        assert_eq!(
            error.to_string(),
            "session `shop`: written by version 3; this is version 2, and `newer = \"readonly\"` only reads it"
        );
        assert_eq!(old.attempt(async |shop| shop.visits += 1).await.status, 503);
        assert_eq!(world.record().await.encode(), before);
        assert_eq!(old.attempt(async |shop| shop.visits).await.status, 200, "reading is allowed");
    }

    /// A logout is always possible.
    async fn newer_readonly_logs_out_but_not_in(world) {
        let (new, old) = (world.release::<newer::Account>(), world.release::<newer::OldAccount>());
        new.visit(async |shop| shop.visits = 1).await;
        new.visit(async |shop| shop.login(7)).await;
        assert_eq!(old.attempt(async |shop| shop.login(8)).await.status, 503);
        new.visit(async |shop| assert_eq!(shop.user, Some(7))).await;
        let with_change = old.attempt(async |shop| {
            shop.logout();
            shop.visits += 1;
        });
        assert_eq!(with_change.await.status, 503, "a change together with the logout is refused");
        new.visit(async |shop| assert_eq!((shop.user, shop.visits), (Some(7), 1))).await;
        assert_eq!(old.attempt(async |shop| shop.logout()).await.status, 200);
        new.visit(async |shop| assert_eq!((shop.user, shop.visits), (None, 1))).await;
    }

    async fn newer_reject(world) {
        let (new, old) = (world.release::<newer::Shop>(), world.release::<newer::Reject>());
        new.visit(async |shop| shop.visits = 1).await;
        let error = old.attempt(async |shop| shop.visits).await.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Newer);
        assert_eq!(
            error.to_string(),
            "session `shop`: written by version 3; this is version 2, and `newer = \"reject\"` refuses it"
        );
        new.visit(async |shop| assert_eq!(shop.visits, 1)).await;
    }

    /// A change of another section does not purge its keys.
    async fn newer_readonly_is_not_written_with_another_section(world) {
        let new = world.release::<newer::Shop>();
        new.visit(async |shop| (shop.visits, shop.item.qty) = (1, 5)).await;
        let beside = world.release_beside::<newer::Readonly, newer::Other>();
        let noted = beside.visit_section::<newer::Other, _>(async |other| other.note = "hello".into());
        noted.await.outcome.unwrap();
        new.visit(async |shop| assert_eq!(shop.item.qty, 5)).await;
        assert!(world.keys().await.contains(&"note".into()));
    }

    async fn min_reader_refuses_older_releases(world) {
        let demanding = world.release::<newer::Demanding>();
        demanding.visit(async |shop| shop.visits = 1).await;
        let before = world.record().await.encode();
        let error = world.release::<newer::Accept>().attempt(async |shop| shop.visits += 1).await.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Newer);
        assert_eq!(
            error.to_string(),
            "session `shop`: written by version 4, which no version before 3 may read; this is version 2"
        );
        assert_eq!(world.record().await.encode(), before);
        world.release::<newer::Shop>().visit(async |shop| shop.visits += 1).await;
        demanding.visit(async |shop| assert_eq!(shop.visits, 2)).await;
        let answer = world.release::<newer::Accept>().attempt(async |shop| shop.visits).await;
        assert!(answer.outcome.is_err(), "`min_reader` stays stored");
    }

    async fn min_reader_is_stored_with_the_first_write(world) {
        let old = world.release::<newer::Accept>();
        old.visit(async |shop| shop.visits = 1).await;
        let demanding = world.release::<newer::Demanding>();
        demanding.visit(async |shop| assert_eq!(shop.visits, 1)).await;
        old.visit(async |shop| assert_eq!(shop.visits, 1, "reading stores nothing")).await;
        demanding.visit(async |shop| shop.visits += 1).await;
        assert_eq!(world.stored("_min_reader").await.unwrap(), "3");
        assert!(old.attempt(async |shop| shop.visits).await.outcome.is_err());
    }

    async fn a_min_reader_that_is_not_a_number_refuses_all_other_releases(world) {
        world.release::<newer::Demanding>().visit(async |shop| shop.visits = 1).await;
        world.plant("_min_reader", b"many").await;
        assert!(world.release::<newer::Shop>().attempt(async |shop| shop.visits).await.outcome.is_err());
        world.release::<newer::Demanding>().visit(async |shop| assert_eq!(shop.visits, 1)).await;
    }
}
