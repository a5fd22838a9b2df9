//! What each route does: read the session, change it, show a page or send the browser to one.

use axum::Form;
use axum::http::StatusCode;
use axum::response::Redirect;
use maud::Markup;
use serde::Deserialize;
use session::{LoggedIn, Rng as _, RngError, Secret, Session, SystemRng};

use crate::catalogue::{Product, find};
use crate::pages::{self, Page};
use crate::visitor::{Shop, Theme};

/// Who can log in, all with the same password. In a real shop, ask a database and a password hash.
pub const USERS: [&str; 3] = ["ada", "edsger", "grace"];
pub const PASSWORD: &str = "demo";

pub async fn catalogue(mut session: Session<Shop>) -> Markup {
    session.visits += 1;
    pages::catalogue(&mut session)
}

pub async fn cart(mut session: Session<Shop>) -> Markup {
    pages::cart(&mut session)
}

#[derive(Deserialize)]
pub struct AddToCart {
    sku: String,
}

pub async fn add_to_cart(mut session: Session<Shop>, Form(form): Form<AddToCart>) -> Result<Redirect, StatusCode> {
    let product = known(&form.sku)?;
    session.add(product);
    session.set_notice(Some(format!("{} is in your cart.", product.name)));
    Ok(to(Page::Catalogue))
}

#[derive(Deserialize)]
pub struct SetQuantity {
    sku: String,
    quantity: u32,
}

pub async fn set_quantity(mut session: Session<Shop>, Form(form): Form<SetQuantity>) -> Result<Redirect, StatusCode> {
    session.put(known(&form.sku)?, form.quantity);
    Ok(to(Page::Cart))
}

/// Two clicks make one order: the second one finds the cart that the first one has left, which is empty.
pub async fn order(LoggedIn(mut session): LoggedIn<Shop>) -> Result<Redirect, session::Error> {
    let order = |session: &mut Session<Shop>| {
        if let Some(number) = session.order() {
            session.set_notice(Some(format!("Thank you! Order {number} is on its way.")));
        }
    };
    session.update(order).await?;
    Ok(to(Page::Account))
}

#[derive(Deserialize)]
pub struct SetTheme {
    theme: Theme,
    back: Page,
}

pub async fn set_theme(mut session: Session<Shop>, Form(form): Form<SetTheme>) -> Redirect {
    session.theme = form.theme;
    to(form.back)
}

pub async fn login_form(mut session: Session<Shop>) -> Result<Markup, StatusCode> {
    if session.login_token.is_none() {
        let token = token().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        session.set_login_token(Some(token));
    }
    Ok(pages::login(&mut session))
}

#[derive(Deserialize)]
pub struct Login {
    user: String,
    password: String,
    token: String,
}

pub async fn login(mut session: Session<Shop>, Form(form): Form<Login>) -> Redirect {
    let expected = session.take_login_token();
    let refusal = if expected.is_none_or(|token| *token.expose() != form.token) {
        "That form was out of date. Please try again."
    } else if !USERS.contains(&&*form.user) || form.password != PASSWORD {
        "This name and password do not belong together."
    } else {
        session.login(form.user.clone());
        // After `login`, which resets all that does not survive it.
        session.set_notice(Some(format!("Welcome, {}!", form.user)));
        return to(Page::Account);
    };
    session.set_notice(Some(refusal.into()));
    to(Page::Login)
}

/// No notice here: it would be something to remember, and a visitor whose theme is the default leaves nothing behind.
pub async fn logout(mut session: Session<Shop>) -> Redirect {
    session.logout();
    Redirect::to("/goodbye")
}

pub async fn goodbye(mut session: Session<Shop>) -> Markup {
    pages::goodbye(&mut session)
}

/// Anybody who is not logged in is sent to the login page instead.
pub async fn account(LoggedIn(mut session): LoggedIn<Shop>) -> Markup {
    pages::account(&mut session)
}

pub async fn session(mut session: Session<Shop>) -> Markup {
    pages::session(&mut session)
}

pub async fn end_session(session: Session<Shop>) -> Redirect {
    session.destroy();
    Redirect::to("/goodbye")
}

pub async fn not_found(mut session: Session<Shop>) -> (StatusCode, Markup) {
    (StatusCode::NOT_FOUND, pages::not_found(&mut session))
}

fn to(page: Page) -> Redirect {
    Redirect::to(page.path())
}

fn known(sku: &str) -> Result<&'static Product, StatusCode> {
    find(sku).ok_or(StatusCode::NOT_FOUND)
}

fn token() -> Result<Secret<String>, RngError> {
    let mut bytes = [0; 16];
    SystemRng::default().fill(&mut bytes)?;
    Ok(Secret::new(format!("{:032x}", u128::from_ne_bytes(bytes))))
}
