//! Stored values that cannot be decoded: the field reads as its default, or the session is refused; the bytes are kept.

use session::{ErrorKind, Session};

use super::on_every_store;

mod v1 {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub visits: u64,
        #[session(merge = counter)]
        pub clicks: u64,
        pub name: String,
        pub other: String,
    }
}

#[derive(Session)]
#[session(name = "shop", version = 2, lock = off)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    #[session(rotate)]
    admin: bool,
    #[session(merge = counter)]
    visits: u64,
    #[session(merge = counter, was = "clicks")]
    taps: u64,
    name: String,
    #[session(on_corrupt = "reject", was = "other")]
    strict: String,
    #[session(on_corrupt = "default")]
    lax: Option<String>,
}

/// Bytes that decode as no type of a field.
const BAD: [&[u8]; 7] = [b"", b"[1", b"{}", b"1e999", b"\xff\xfe", b"\"\\ud800\"", b"[[[[[[[[[["];

mod texts {
    use session::Session;

    /// A release with other types under the same keys.
    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        pub visits: String,
        pub guarded: String,
    }
}

mod guarded {
    use session::Session;

    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(conflict = "reject", on_corrupt = "default")]
        pub guarded: u64,
    }
}

on_every_store! {
    /// Both requests read the default and add to it.
    async fn additions_to_a_bad_value_add_up(world) {
        let (texts, one, other) = (world.release::<texts::Shop>(), world.release::<Shop>(), world.release::<Shop>());
        texts.visit(async |shop| shop.visits = "many".into()).await;
        one.visit(async |shop| {
            shop.visits += 1;
            other.visit(async |shop| shop.visits += 2).await;
        })
        .await;
        assert_eq!(one.visit(async |shop| shop.visits).await, 3);
        one.visit(async |shop| {
            shop.visits += 1;
            texts.visit(async |shop| shop.visits = "many".into()).await;
        })
        .await;
        assert_eq!(one.visit(async |shop| shop.visits).await, 1, "added to the default, as for a next request");
    }

    async fn a_bad_value_is_no_conflict(world) {
        let (texts, guarded) = (world.release::<texts::Shop>(), world.release::<guarded::Shop>());
        texts.visit(async |shop| shop.guarded = "many".into()).await;
        guarded.visit(async |shop| {
            shop.guarded += 1;
            texts.visit(async |shop| shop.guarded = "more".into()).await;
        })
        .await;
        assert_eq!(guarded.visit(async |shop| shop.guarded).await, 1);
    }

    /// A reset removes the bytes.
    async fn a_bad_value_can_be_reset(world) {
        let release = world.release::<Shop>();
        world.release::<texts::Shop>().visit(async |shop| shop.visits = "many".into()).await;
        release.visit(async |shop| shop.reset(Shop::VISITS)).await;
        release.visit(async |shop| assert_eq!((shop.visits, shop.problems().len()), (0, 0))).await;
    }

    async fn a_bad_value_reads_as_the_default_and_is_kept(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.visits = 1).await;
        for key in ["name", "visits", "taps", "lax"] {
            for bad in BAD {
                let before = world.record().await;
                world.plant(key, bad).await;
                let problem = release.visit(async |shop| {
                    assert_eq!((&*shop.name, shop.visits < 2, shop.taps, &shop.lax), ("", true, 0, &None));
                    assert_eq!(shop.problems().len(), 1);
                    (shop.problems()[0].field(), shop.problems()[0].to_string())
                });
                let (field, text) = problem.await;
                assert_eq!(field, key);
                let expected = format!(
                    "session `shop`: field `{key}`: the value under `{key}` cannot be decoded \
                     (stored by version 2, read by version 2)"
                );
                assert_eq!(text, expected, "the message names everything except the value");
                release.visit(async |shop| shop.strict.push('x')).await;
                assert_eq!(world.stored(key).await.unwrap().as_bytes(), String::from_utf8_lossy(bad).as_bytes());
                world.edit(|section| drop(section.fields.remove(key))).await;
                assert!(world.record().await.revision() > before.revision());
            }
        }
    }

    async fn a_bad_value_under_an_older_name_is_kept(world) {
        world.release::<v1::Shop>().visit(async |shop| shop.clicks = 3).await;
        world.plant("clicks", b"\"many\"").await;
        let release = world.release::<Shop>();
        release.visit(async |shop| {
            assert_eq!((shop.taps, shop.problems()[0].field()), (0, "taps"));
            shop.visits += 1;
        })
        .await;
        assert_eq!(world.stored("clicks").await.unwrap(), "\"many\"");
        assert_eq!(world.stored("taps").await, None);
        release.visit(async |shop| shop.taps += 2).await;
        release.visit(async |shop| assert_eq!((shop.taps, shop.problems().len()), (2, 0))).await;
    }

    async fn a_bad_value_is_not_replaced_by_one_under_an_older_name(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.taps = 1).await;
        world.plant("clicks", b"7").await;
        world.plant("taps", b"x").await;
        release.visit(async |shop| {
            assert_eq!((shop.taps, shop.problems().len()), (0, 1), "the value under the older name is older");
        })
        .await;
    }

    async fn a_bad_value_of_identity_rights_or_a_field_that_rejects_refuses_the_session(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.visits = 1).await;
        for key in ["user", "admin", "strict", "other"] {
            for bad in BAD {
                world.plant(key, bad).await;
                let before = world.record().await.encode();
                let answer = release.attempt(async |shop| shop.visits += 1).await;
                assert_eq!(answer.outcome.unwrap_err().kind(), ErrorKind::Undecodable, "{key}");
                assert_eq!(world.record().await.encode(), before, "unchanged");
            }
            world.edit(|section| drop(section.fields.remove(key))).await;
        }
        release.visit(async |shop| assert_eq!(shop.visits, 1)).await;
    }

    async fn any_stored_version_is_read(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| shop.clicks = 3).await;
        for version in [0, 1, 2, 3, 65_535, u32::MAX as usize] {
            world.edit(|section| section.version = version).await;
            new.visit(async |shop| assert_eq!((shop.taps, shop.problems().len()), (3, 0))).await;
            new.visit(async |shop| shop.visits += 1).await;
            old.visit(async |shop| shop.clicks += 0).await;
            world.edit(|section| assert_eq!(section.version, version.max(2))).await;
        }
        new.visit(async |shop| assert_eq!(shop.visits, 6)).await;
    }

    /// A record with more keys could not be read back.
    async fn unknown_keys_are_kept_up_to_the_limit(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.visits = 1).await;
        let fill = |most: usize| {
            move |section: &mut session_tests::wire::Section| {
                for number in section.fields.len()..most {
                    section.fields.insert(format!("unknown{number:03}"), b"1".to_vec());
                }
            }
        };
        world.edit(fill(255)).await;
        release.visit(async |shop| (shop.visits, shop.name) = (2, "ann".into())).await;
        assert_eq!(world.keys().await.len(), 256);
        let before = world.record().await.encode();
        let error = release.attempt(async |shop| {
            assert_eq!(shop.visits, 2);
            shop.lax = Some("one more".into());
            shop.commit().await.unwrap_err()
        });
        assert_eq!(error.await.outcome.unwrap().kind(), ErrorKind::TooLarge);
        assert_eq!(world.record().await.encode(), before);
        release.visit(async |shop| shop.visits += 1).await;
        release.visit(async |shop| assert_eq!(shop.visits, 3, "a change that fits is written")).await;
    }

    /// An upgraded value for which there is no room is computed again in each request.
    async fn upgrades_without_room_are_not_stored(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.visits = 1).await;
        world.edit(|section| {
            section.fields.insert("clicks".into(), b"4".to_vec());
            for number in section.fields.len()..256 {
                section.fields.insert(format!("unknown{number:03}"), b"1".to_vec());
            }
        })
        .await;
        release.visit(async |shop| {
            assert_eq!((shop.visits, shop.taps), (1, 4));
            shop.visits += 1;
        })
        .await;
        release.visit(async |shop| assert_eq!((shop.visits, shop.taps), (2, 4))).await;
        assert_eq!(world.keys().await.len(), 256);
    }

    async fn a_large_unknown_value_is_kept_byte_for_byte(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.visits = 1).await;
        let large: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        world.plant("unknown", &large).await;
        release.visit(async |shop| (shop.visits, shop.name) = (2, "ann".into())).await;
        world.edit(|section| assert_eq!(section.fields["unknown"], large)).await;
    }
}
