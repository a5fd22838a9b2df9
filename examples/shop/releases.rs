//! Earlier releases of the shop, as far as the page `/promises` needs them: each stores a session as it did then.
//!
//! They have the session name of today's struct, so they use the same cookie and the same section of the record. In
//! reality they would be other processes, before a deployment or after a rollback.

use axum::Router;
use axum::response::Redirect;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use session::store::IntoBackend;
use session::{ConfigError, Session, Sessions};

use crate::catalogue::Price;
use crate::visitor::Order;

/// An earlier release, as the query of `/promises` names it.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Release {
    #[serde(rename = "1")]
    First,
    #[serde(rename = "2")]
    Second,
}

mod release_1 {
    #[derive(session::Session)]
    #[session(name = "shop", version = 1, lock = off)]
    pub struct Shop {
        #[session(user)]
        pub user: Option<String>,
        #[session(merge = counter)]
        pub visits: u64,
        pub dark: bool,
        pub cart: Vec<String>,
        pub coupon: Option<String>,
        #[session(flash)]
        pub message: Option<String>,
    }
}

mod release_2 {
    use serde::{Deserialize, Serialize};

    use crate::visitor::Order;

    #[derive(session::Session)]
    #[session(name = "shop", version = 2, reserved("coupon"), lock = off)]
    pub struct Shop {
        #[session(user)]
        pub user: Option<String>,
        #[session(merge = counter)]
        pub visits: u64,
        #[session(since = 2, default = Theme::Light)]
        pub theme: Theme,
        pub cart: Vec<String>,
        #[session(since = 2, merge = log(20))]
        pub orders: Vec<Order>,
        #[session(flash)]
        pub message: Option<String>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Theme {
        Light,
        Dark,
    }
}

/// The session that release 1 stores here.
fn sample_1(user: Option<String>) -> release_1::Shop {
    release_1::Shop {
        user,
        visits: 7,
        dark: true,
        cart: texts(["sencha", "sencha", "honey"]),
        coupon: Some("TEA10".into()),
        message: Some("Release 1 of the shop wrote this message.".into()),
    }
}

/// The session that release 2 stores here.
fn sample_2(user: Option<String>) -> release_2::Shop {
    release_2::Shop {
        user,
        visits: 12,
        theme: release_2::Theme::Dark,
        cart: texts(["cup", "earl-grey", "earl-grey", "cup"]),
        orders: vec![Order { number: 1, items: 2, total: Price(5300) }],
        message: Some("Release 2 of the shop wrote this message.".into()),
    }
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(Into::into).into()
}

/// One route for each release, with a session layer of its own.
pub fn routes<P: IntoBackend, S: Clone + Send + Sync + 'static>(
    place: impl Fn() -> P,
) -> Result<Router<S>, ConfigError> {
    let first = Sessions::<release_1::Shop>::builder().store(place()).build()?;
    let second = Sessions::<release_2::Shop>::builder().store(place()).build()?;
    Ok(Router::new()
        .merge(Router::new().route("/promises/release-1", post(store_1)).layer(first))
        .merge(Router::new().route("/promises/release-2", post(store_2)).layer(second)))
}

async fn store_1(mut session: Session<release_1::Shop>) -> Redirect {
    let user = session.user.clone();
    // A logout removes what this release does not know. So the session is as if no later release had seen it.
    session.logout();
    if let Some(user) = user.clone() {
        session.login(user);
    }
    **session = sample_1(user);
    Redirect::to("/promises?release=1#releases")
}

async fn store_2(mut session: Session<release_2::Shop>) -> Redirect {
    let user = session.user.clone();
    session.logout();
    if let Some(user) = user.clone() {
        session.login(user);
    }
    **session = sample_2(user);
    Redirect::to("/promises?release=2#releases")
}

/// The keys and values that a release stores here, as JSON. A logged-in user is stored too, and read as it is.
pub fn stored(release: Release) -> Vec<(&'static str, String)> {
    match release {
        Release::First => {
            let shop = sample_1(None);
            vec![
                ("cart", json(&shop.cart)),
                ("dark", json(&shop.dark)),
                ("visits", json(&shop.visits)),
                ("message", json(&shop.message)),
                ("coupon", json(&shop.coupon)),
            ]
        },
        Release::Second => {
            let shop = sample_2(None);
            vec![
                ("cart", json(&shop.cart)),
                ("theme", json(&shop.theme)),
                ("visits", json(&shop.visits)),
                ("orders", json(&shop.orders)),
                ("message", json(&shop.message)),
            ]
        },
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
