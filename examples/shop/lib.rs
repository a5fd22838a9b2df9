//! A small tea shop: what sessions look like in an app. `visitor` is what a session holds, `handlers` is how it is used.

mod catalogue;
mod handlers;
mod pages;
mod stores;
mod visitor;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use session::store::IntoBackend;
use session::{ConfigError, Sessions};
pub use stores::open;
use visitor::Shop;

/// The shop, with its sessions in `store`.
pub fn app(store: impl IntoBackend) -> Result<Router, ConfigError> {
    let sessions = Sessions::<Shop>::builder().store(store).login_path("/login").build()?;
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
        .route("/style.css", get(([(CONTENT_TYPE, "text/css")], include_str!("style.css"))))
        .fallback(handlers::not_found)
        .layer(sessions.layer()))
}
