//! `previous`: the conversion of a whole struct.

use session::{ErrorKind, Session};

use super::on_every_store;

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", legacy, lock = off)]
    pub(super) struct ShopV1 {
        #[session(merge = counter)]
        pub visits: u64,
        pub username: String,
        pub nickname: Option<String>,
        pub total: u32,
    }
}

mod v2 {
    use session::Session;

    use super::v1::ShopV1;

    #[derive(Session)]
    #[session(name = "shop", version = 2, previous = ShopV1, legacy, lock = off)]
    pub(super) struct ShopV2 {
        #[session(merge = counter)]
        pub visits: u64,
        pub name: String,
        pub total_cents: u64,
    }

    impl From<ShopV1> for ShopV2 {
        fn from(old: ShopV1) -> Self {
            Self {
                visits: old.visits,
                name: old.nickname.unwrap_or(old.username),
                total_cents: u64::from(old.total) * 100,
            }
        }
    }
}

use v1::ShopV1;
use v2::ShopV2;

const NOT_KEPT: &str = "the reason that the application gave is not kept: it may quote the value";

#[derive(Session)]
#[session(name = "shop", version = 3, try_previous = ShopV2, purge("username", "total"), lock = off)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
    name: String,
    /// The name of a field of the first version, with another meaning: `None` must not bring back its value.
    nickname: Option<String>,
    #[session(default = Some(1))]
    page: Option<u32>,
    total_cents: u64,
}

impl TryFrom<ShopV2> for Shop {
    type Error = String;

    fn try_from(old: ShopV2) -> Result<Self, String> {
        match &*old.name {
            "impossible" => Err("this one cannot be".into()),
            _ => Ok(Self {
                visits: old.visits,
                name: old.name.to_uppercase(),
                nickname: None,
                page: None,
                total_cents: old.total_cents,
            }),
        }
    }
}

on_every_store! {
    async fn new_code_data_of_the_first_version(world) {
        let old = world.release::<ShopV1>();
        old.visit(async |shop| (shop.username, shop.total) = ("ann".into(), 7)).await;
        let new = world.release::<Shop>();
        assert_eq!(new.visit(async |shop| (shop.name.clone(), shop.total_cents)).await, ("ANN".into(), 700));
        assert_eq!(world.keys().await, ["total", "username"], "reading writes nothing");
        new.visit(async |shop| shop.visits += 1).await;
        assert_eq!(new.visit(async |shop| (shop.name.clone(), shop.total_cents)).await, ("ANN".into(), 700));
        assert_eq!(world.keys().await, ["name", "nickname", "page", "total_cents", "visits"], "purged");
    }

    async fn new_code_data_of_the_second_version(world) {
        world.release::<ShopV2>().visit(async |shop| (shop.name, shop.visits) = ("bea".into(), 2)).await;
        world.release::<Shop>().visit(async |shop| assert_eq!((&*shop.name, shop.visits), ("BEA", 2))).await;
    }

    async fn a_conversion_happens_once(world) {
        world.release::<ShopV2>().visit(async |shop| shop.name = "bea".into()).await;
        let new = world.release::<Shop>();
        new.visit(async |shop| shop.name = "Bea".into()).await;
        new.visit(async |shop| assert_eq!(shop.name, "Bea")).await;
    }

    async fn none_is_stored_whatever_the_old_value_and_the_default_are(world) {
        world.release::<ShopV1>().visit(async |shop| shop.nickname = Some("annie".into())).await;
        let new = world.release::<Shop>();
        new.visit(async |shop| assert_eq!((&*shop.name, &shop.nickname, shop.page), ("ANNIE", &None, None))).await;
        new.visit(async |shop| shop.visits += 1).await;
        new.visit(async |shop| assert_eq!((&*shop.name, &shop.nickname, shop.page), ("ANNIE", &None, None))).await;
    }

    async fn old_code_new_data(world) {
        let (old, two) = (world.release::<ShopV1>(), world.release::<ShopV2>());
        old.visit(async |shop| shop.username = "ann".into()).await;
        two.visit(async |shop| shop.name = "bea".into()).await;
        old.visit(async |shop| {
            assert_eq!((&*shop.username, shop.problems().len()), ("ann", 0), "it reads its own keys");
        })
        .await;
    }

    /// A conversion happens once, so a later change by old code is lost. Releases that run side by side should convert
    /// single fields.
    async fn interleaved(world) {
        let (old, two) = (world.release::<ShopV1>(), world.release::<ShopV2>());
        old.visit(async |shop| (shop.username, shop.visits) = ("ann".into(), 1)).await;
        two.visit(async |shop| shop.visits += 1).await;
        old.visit(async |shop| (shop.username, shop.visits) = ("cam".into(), shop.visits + 1)).await;
        two.visit(async |shop| {
            assert_eq!((&*shop.name, shop.visits), ("ann", 3), "only keys that both have are shared");
        })
        .await;
    }

    async fn rollback(world) {
        let (one, two) = (world.release::<ShopV1>(), world.release::<ShopV2>());
        one.visit(async |shop| (shop.username, shop.total) = ("ann".into(), 7)).await;
        two.visit(async |shop| shop.total_cents = 950).await;
        one.visit(async |shop| {
            assert_eq!((&*shop.username, shop.total), ("ann", 7), "old values stay until they are purged");
        })
        .await;
    }

    async fn a_failed_conversion_is_an_error_and_changes_nothing(world) {
        world.release::<ShopV2>().visit(async |shop| shop.name = "impossible".into()).await;
        let before = world.record().await.encode();
        let error = world.release::<Shop>().attempt(async |shop| shop.visits += 1).await.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        assert_eq!(error.to_string(), "session `shop`: version 2 could not be converted to version 3");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), NOT_KEPT);
        assert_eq!(world.record().await.encode(), before);
    }

    async fn a_conversion_to_defaults_is_stored(world) {
        world.release::<ShopV2>().visit(async |shop| shop.visits = 1).await;
        let new = world.release::<Shop>();
        new.visit(async |shop| (shop.visits, shop.page) = (0, Some(3))).await;
        new.visit(async |shop| assert_eq!((shop.visits, shop.page), (0, Some(3)))).await;
    }
}

/// A converted struct that older releases may not read.
#[derive(Session)]
#[session(name = "shop", version = 2, previous = ShopV1, min_reader = 2, lock = off)]
struct Converted {
    name: String,
}

impl From<ShopV1> for Converted {
    fn from(old: ShopV1) -> Self {
        Self { name: old.username }
    }
}

on_every_store! {
    /// A rotation writes the converted fields although none was changed.
    async fn a_rotation_that_stores_a_conversion_stores_min_reader(world) {
        let old = world.release::<ShopV1>();
        old.visit(async |shop| shop.username = "ann".into()).await;
        let new = world.release::<Converted>();
        new.visit(async |shop| assert_eq!(shop.name, "ann")).await;
        assert_eq!(world.stored("_min_reader").await, None, "reading writes nothing");
        new.visit(async |shop| shop.rotate()).await;
        assert_eq!(world.stored("name").await.unwrap(), "\"ann\"");
        assert_eq!(world.stored("_min_reader").await.unwrap(), "2");
        assert_eq!(old.attempt(async |_| ()).await.outcome.unwrap_err().kind(), ErrorKind::Newer);
    }
}

/// Two branches that both use version 2, each with a field of its own.
mod branches {
    use session::Session;

    use super::super::on_every_store;

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Left {
        #[session(merge = counter)]
        visits: u64,
        theme: Option<String>,
    }

    #[derive(Session)]
    #[session(name = "shop", version = 2, lock = off)]
    struct Right {
        #[session(merge = counter)]
        visits: u64,
        points: u32,
    }

    on_every_store! {
        async fn fields_are_found_by_their_keys(world) {
            let (left, right) = (world.release::<Left>(), world.release::<Right>());
            left.visit(async |shop| (shop.visits, shop.theme) = (1, Some("dark".into()))).await;
            right.visit(async |shop| {
                assert_eq!((shop.visits, shop.points), (1, 0));
                shop.visits += 1;
                shop.points = 7;
            })
            .await;
            left.visit(async |shop| assert_eq!((shop.visits, shop.theme.as_deref()), (2, Some("dark")))).await;
            right.visit(async |shop| assert_eq!(shop.points, 7)).await;
        }
    }
}
