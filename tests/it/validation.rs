//! The validation rules of garde: checked when a session is loaded, before it is saved, and on request.

use axum::Router;
use axum::routing::get;
use garde::Validate;
use session::{ErrorKind, Session, Sessions, Violations};
use session_tests::client::Client;

use crate::evolution::on_every_store;

mod v1 {
    use session::Session;

    /// A release without rules.
    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    pub(super) struct Shop {
        #[session(merge = counter)]
        pub points: i64,
        pub page_size: u16,
        pub name: String,
        pub size: u16,
        pub role: String,
        pub cart: Vec<super::Item>,
    }
}

#[derive(Debug, PartialEq, Validate, serde::Serialize, serde::Deserialize)]
struct Item {
    #[garde(ascii)]
    sku: String,
    #[garde(range(max = 99))]
    qty: u32,
}

#[derive(Session, Validate)]
#[session(name = "shop", version = 2, validate = garde, lock = off)]
struct Shop {
    #[session(merge = counter)]
    #[garde(range(max = 10))]
    points: i64,
    #[session(default = 20)]
    #[garde(range(min = 1, max = 100))]
    page_size: u16,
    /// Its default breaks its rule. Defaults are not checked.
    #[garde(length(min = 1))]
    name: String,
    #[session(upgrade(in = 2, from = u16, with = u32::from))]
    #[garde(range(max = 9))]
    size: u32,
    #[session(on_corrupt = "reject")]
    #[garde(length(max = 5))]
    role: String,
    #[garde(dive)]
    cart: Vec<Item>,
}

#[derive(Session, Validate)]
#[session(name = "shop", version = 2, validate = garde, lock = off)]
struct Guarded {
    #[session(conflict = "reject")]
    #[garde(range(max = 9))]
    size: u16,
}

on_every_store! {
    async fn the_defaults_of_a_new_session_are_not_checked(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.points = 1).await;
        release.visit(async |shop| assert!(shop.problems().is_empty())).await;
    }

    async fn a_stored_value_that_breaks_a_rule_reads_as_the_default_and_is_kept(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| {
            (shop.page_size, shop.points, shop.size) = (500, 3, 77);
            shop.cart.push(Item { sku: "tea".into(), qty: 100 });
        })
        .await;
        let problems = new.visit(async |shop| {
            assert_eq!((shop.page_size, shop.points, shop.size, shop.cart.len()), (20, 3, 0, 0));
            shop.points += 1;
            shop.problems().iter().map(|problem| (problem.field(), problem.to_string())).collect::<Vec<_>>()
        });
        let problem = |path: &str, field, rule: &str| {
            (field, format!("session `shop`: `{path}` breaks a rule (stored by version 1, read by version 2): {rule}"))
        };
        let expected = [
            problem("cart[0].qty", "cart", "greater than 99"),
            problem("page_size", "page_size", "greater than 100"),
            problem("size", "size", "greater than 9"),
        ];
        assert_eq!(problems.await, expected);
        assert_eq!(world.stored("page_size").await.unwrap(), "500", "kept for releases whose rule it keeps");
        new.visit(async |shop| shop.page_size = 50).await;
        new.visit(async |shop| assert_eq!((shop.page_size, shop.problems().len()), (50, 2))).await;
    }

    async fn an_invalid_value_of_a_field_that_rejects_fails_the_load(world) {
        world.release::<v1::Shop>().visit(async |shop| shop.role = "superuser".into()).await;
        let before = world.record().await.encode();
        let error = world.release::<Shop>().attempt(async |shop| shop.points += 1).await.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(
            error.to_string(),
            "session `shop`: `role` breaks a rule (stored by version 1, read by version 2): length is greater than 5"
        );
        assert_eq!(world.record().await.encode(), before, "untouched");
    }

    async fn a_value_that_breaks_a_rule_is_not_saved(world) {
        let release = world.release::<Shop>();
        let first = release.attempt(async |shop| shop.page_size = 0).await;
        assert_eq!(first.status, 500, "not even as a new session");
        world.release::<v1::Shop>().visit(async |shop| shop.points = 1).await;
        let before = world.record().await.encode();
        let error = release.attempt(async |shop| {
            (shop.page_size, shop.points) = (101, 2);
            shop.commit().await.unwrap_err()
        });
        let answer = error.await;
        let error = answer.outcome.unwrap();
        assert_eq!((answer.status.as_u16(), error.kind()), (500, ErrorKind::Invalid));
        assert_eq!(
            error.to_string(),
            "session `shop`: `page_size` breaks a rule (stored by version 1, written by version 2): greater than 100"
        );
        let cause = std::error::Error::source(&error).unwrap().downcast_ref::<Violations>().unwrap();
        assert!(cause.to_string().contains("page_size: greater than 100"), "{cause}");
        assert_eq!(world.record().await.encode(), before, "nothing is saved");
    }

    /// Each change keeps the rule; both together break it.
    async fn rules_are_checked_after_merging(world) {
        let (one, other) = (world.release::<Shop>(), world.release::<Shop>());
        one.visit(async |shop| shop.points = 4).await;
        let late = one.attempt(async |shop| {
            shop.points += 4;
            other.visit(async |shop| shop.points += 4).await;
            assert!(shop.validate().is_err(), "the name is still missing");
        });
        assert_eq!(late.await.status, 500);
        one.visit(async |shop| assert_eq!(shop.points, 8, "the other request's value")).await;
    }

    /// Both requests read the default and add to it.
    async fn additions_to_an_invalid_value_add_up(world) {
        let (old, one, other) = (world.release::<v1::Shop>(), world.release::<Shop>(), world.release::<Shop>());
        old.visit(async |shop| shop.points = 500).await;
        one.visit(async |shop| {
            shop.points += 1;
            other.visit(async |shop| shop.points += 2).await;
        })
        .await;
        assert_eq!(one.visit(async |shop| (shop.points, shop.problems().len())).await, (3, 0));
        old.visit(async |shop| shop.points = 500).await;
        one.visit(async |shop| {
            shop.points += 1;
            shop.commit().await.unwrap();
            shop.points += 1;
        })
        .await;
        assert_eq!(old.visit(async |shop| shop.points).await, 2);
    }

    async fn an_invalid_value_of_a_concurrent_request_is_treated_as_missing(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        new.visit(async |shop| shop.points = 3).await;
        new.visit(async |shop| {
            shop.points += 1;
            old.visit(async |shop| shop.points = 500).await;
        })
        .await;
        assert_eq!(new.visit(async |shop| (shop.points, shop.problems().len())).await, (1, 0));
    }

    async fn an_invalid_value_is_no_conflict(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Guarded>());
        old.visit(async |shop| shop.size = 77).await;
        new.visit(async |shop| {
            assert_eq!((shop.size, shop.problems().len()), (0, 1));
            shop.size = 5;
        })
        .await;
        assert_eq!(old.visit(async |shop| shop.size).await, 5);
        let late = new.attempt(async |shop| {
            shop.size = 6;
            old.visit(async |shop| shop.size = 7).await;
        });
        assert_eq!(late.await.status, 409, "a valid change is a conflict");
    }

    async fn an_invalid_stored_value_does_not_prevent_other_changes(world) {
        let (old, new) = (world.release::<v1::Shop>(), world.release::<Shop>());
        old.visit(async |shop| (shop.page_size, shop.points) = (500, 1)).await;
        new.visit(async |shop| shop.points += 1).await;
        assert_eq!(old.visit(async |shop| (shop.page_size, shop.points)).await, (500, 2));
    }

    async fn update_does_not_save_an_invalid_value(world) {
        let release = world.release::<Shop>();
        release.visit(async |shop| shop.points = 1).await;
        let refused = release.attempt(async |shop| shop.update(|shop| shop.page_size = 0).await.unwrap_err());
        assert_eq!(refused.await.outcome.unwrap().kind(), ErrorKind::Invalid);
        release.visit(async |shop| assert_eq!((shop.points, shop.page_size), (1, 20))).await;
    }
}

/// A rule on the whole struct, written by hand.
#[derive(Session)]
#[session(name = "dates", validate = garde, lock = off)]
struct Dates {
    from: u32,
    to: u32,
    note: String,
}

impl Validate for Dates {
    type Context = ();

    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if self.from > self.to {
            report.append(parent(), garde::Error::new("`from` is after `to`"));
        }
        if self.note.len() > 5 {
            report.append(parent().join("note"), garde::Error::new("too long"));
        }
    }
}

on_every_store! {
    async fn a_rule_on_the_whole_struct(world) {
        let release = world.release::<Dates>();
        release.visit(async |dates| (dates.from, dates.to) = (1, 3)).await;
        let error = release.attempt(async |dates| {
            dates.from = 9;
            dates.commit().await.unwrap_err()
        });
        assert_eq!(
            error.await.outcome.unwrap().to_string(),
            "session `dates`: the whole struct breaks a rule (stored by version 1, written by version 1): \
             `from` is after `to`"
        );
        world.plant("note", b"\"much too long\"").await;
        let answer = release.attempt(async |dates| dates.from = 9).await;
        assert_eq!(answer.status, 500, "a rule that was broken before does not permit another one");
        world.plant("from", b"9").await;
        release.visit(async |dates| {
            let fields: Vec<_> = dates.problems().iter().map(session::FieldError::field).collect();
            assert_eq!((fields, dates.from), (vec!["", "note"], 9), "the rule is on no field, so no field is reset");
            dates.note = "short".into();
        })
        .await;
        release.visit(async |dates| assert_eq!((&*dates.note, dates.from), ("short", 9))).await;
    }
}

#[tokio::test]
async fn violations_are_a_response() {
    let sessions = Sessions::<Shop>::builder().store(session::MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route(
            "/sizes/{size}",
            get(async |mut shop: Session<Shop>, axum::extract::Path(size): axum::extract::Path<u16>| {
                shop.name = "ann".into();
                shop.page_size = size;
                shop.size = size.into();
                shop.validate()
            }),
        )
        .route("/show", get(async |shop: Session<Shop>| format!("{} {}", shop.name, shop.page_size)))
        .layer(sessions.layer());
    let client = Client::new(app);
    assert_eq!(client.get("/sizes/5").await.status, 200);
    let answer = client.get("/sizes/500").await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (422, "page_size: greater than 100\nsize: greater than 9"));
    assert_eq!(client.get("/show").await.text, "ann 5");
}
