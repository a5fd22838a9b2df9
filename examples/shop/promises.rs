//! The page "What it promises": three experiments that a visitor can make with their own session.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use maud::Markup;
use serde::Deserialize;
use session::Session;

use crate::handlers::ensure_login_token;
use crate::pages;
use crate::releases::Release;
use crate::switch::Switch;
use crate::visitor::Shop;

#[derive(Deserialize)]
pub struct Shown {
    /// The earlier release that has just stored this session.
    release: Option<Release>,
}

pub async fn page(
    State(switch): State<Option<Switch>>,
    Query(shown): Query<Shown>,
    mut session: Session<Shop>,
) -> Result<Markup, StatusCode> {
    // Parallel requests of a visitor without a session would each begin one of their own. So there is one from here on.
    ensure_login_token(&mut session)?;
    Ok(pages::promises(&mut session, shown.release, switch.is_some()))
}

/// Many of these may run at the same time. Each adds one, and the additions of all of them are kept.
pub async fn press(mut session: Session<Shop>) -> Redirect {
    session.presses += 1;
    Redirect::to("/promises#race")
}

/// The counter alone, for the page's script.
pub async fn presses(session: Session<Shop>) -> String {
    session.presses.to_string()
}

#[derive(Deserialize)]
pub struct SwitchStore {
    store: Wish,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wish {
    TakeAway,
    GiveBack,
}

/// It takes no session: that could not be loaded while the store is away.
pub async fn switch_store(State(switch): State<Option<Switch>>, Form(form): Form<SwitchStore>) -> Redirect {
    if let Some(switch) = switch {
        match form.store {
            Wish::TakeAway => switch.take_away(),
            Wish::GiveBack => switch.give_back(),
        }
    }
    Redirect::to("/promises#store")
}
