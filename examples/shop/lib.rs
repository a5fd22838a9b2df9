//! A small tea shop: what sessions look like in an app. `visitor` is what a session holds, `handlers` is how it is
//! used.

mod catalogue;
mod errors;
mod handlers;
mod pages;
mod promises;
mod releases;
mod stores;
mod switch;
mod visitor;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use session::store::IntoBackend;
use session::{ConfigError, Sessions, Store};
#[cfg(feature = "cookie")]
use session::{KeyRing, SealedCookie};
pub use stores::open;
use switch::{Switch, Switched};
use visitor::Shop;

/// The shop, with its sessions in `store`.
pub fn app(store: impl Store) -> Result<Router, ConfigError> {
    let store = Switched::new(store);
    routes(|| store.clone(), Some(store.switch().clone()))
}

/// The shop, with each session in its cookie.
///
/// Of two requests at the same time, the later cookie wins and the other change is lost. The shop's struct has
/// counters, which cannot be merged there, so this has to be allowed explicitly.
#[cfg(feature = "cookie")]
pub fn app_in_cookies(keys: &KeyRing) -> Result<Router, ConfigError> {
    routes(|| SealedCookie::new(keys.clone()).dangerous_last_cookie_wins(), None)
}

fn routes<P: IntoBackend>(place: impl Fn() -> P, switch: Option<Switch>) -> Result<Router, ConfigError> {
    let sessions = Sessions::<Shop>::builder().store(place()).login_path("/login").build()?;
    Ok(Router::new()
        .route("/", get(handlers::catalogue))
        .route("/cart", get(handlers::cart).post(handlers::set_quantity))
        .route("/cart/add", post(handlers::add_to_cart))
        .route("/order", post(handlers::order))
        .route("/theme", post(handlers::set_theme))
        .route("/login", get(handlers::login_form).post(handlers::login))
        .route("/logout", post(handlers::logout))
        .route("/goodbye", get(handlers::goodbye))
        .route("/account", get(handlers::account))
        .route("/session", get(handlers::session))
        .route("/session/end", post(handlers::end_session))
        .route("/promises", get(promises::page))
        .route("/promises/press", post(promises::press))
        .route("/promises/presses", get(promises::presses))
        .route("/promises/store", post(promises::switch_store))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn(errors::with_session))
        .layer(sessions)
        // These two have a session layer of their own: see `releases`.
        .merge(releases::routes(&place)?)
        .route("/style.css", get(([(CONTENT_TYPE, "text/css")], include_str!("style.css"))))
        .route("/promises.js", get(([(CONTENT_TYPE, "text/javascript")], include_str!("promises.js"))))
        .layer(from_fn_with_state(switch.clone(), errors::without_session))
        .with_state(switch))
}
