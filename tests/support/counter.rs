//! An app whose one session many clients change at once.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use session::{Session, Sessions, Store};

/// Sixty-four fields that have nothing to do with each other.
macro_rules! wide {
    ($($field:ident)*) => {
        #[derive(Session)]
        pub struct Wide {
            $(pub $field: u32,)*
        }

        async fn set_wide(mut session: Session<Wide>, Path(index): Path<usize>) {
            let fields: [&mut u32; 64] = { let Wide { $($field,)* } = &mut **session; [$($field,)*] };
            *fields[index] = 1;
        }

        async fn sum_wide(session: Session<Wide>) -> String {
            [$(session.$field,)*].iter().sum::<u32>().to_string()
        }
    };
}
wide!(a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7
      d8 d9 e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 g0 g1 g2 g3);

#[derive(Session)]
pub struct Counter {
    #[session(user)]
    pub user: Option<u32>,
    #[session(merge = counter)]
    pub visits: u64,
    pub plain: u64,
    #[session(merge = union)]
    pub items: BTreeSet<u32>,
    #[session(merge = union)]
    pub map: BTreeMap<u32, u32>,
    #[session(conflict = "reject")]
    pub strict: u32,
    pub cart: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub qty: u32,
}

pub fn app(store: impl Store) -> Router {
    let sessions = Sessions::<Counter>::builder().store(store).section::<Wide>().build().expect("sound settings");
    Router::new()
        .route("/visit", get(async |mut session: Session<Counter>| session.visits += 1))
        .route("/update", get(async |mut session: Session<Counter>| session.update(|session| session.plain += 1).await))
        .route(
            "/set/{n}",
            get(async |mut session: Session<Counter>, Path(n): Path<u32>| {
                session.items.insert(n);
            }),
        )
        .route(
            "/map/{n}",
            get(async |mut session: Session<Counter>, Path(n): Path<u32>| {
                session.map.insert(n, n);
            }),
        )
        .route("/strict/{n}", get(async |mut session: Session<Counter>, Path(n): Path<u32>| session.strict = n))
        .route("/wide/{n}", get(set_wide))
        .route("/wide", get(sum_wide))
        .route("/login/{n}", post(async |mut session: Session<Counter>, Path(n): Path<u32>| session.login(n)))
        .route("/rotate", post(async |mut session: Session<Counter>| session.rotate()))
        .route("/logout", post(async |mut session: Session<Counter>| session.logout()))
        .route("/destroy", post(async |session: Session<Counter>| session.destroy()))
        .route(
            "/show",
            get(async |session: Session<Counter>| {
                let Counter { user, visits, plain, items, map, strict, .. } = &**session;
                let user = user.map_or("nobody".into(), |user| user.to_string());
                format!("{user} {visits} {plain} {} {} {strict}", items.len(), map.len())
            }),
        )
        .layer(sessions.layer())
}
