//! What each route does: read the session, change it, show a page or redirect to one.
//!
//! An error is a bare status here; `errors` puts a page around it.

use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use session::{LoggedIn, Rng as _, RngError, Secret, Session, SystemRng};

use crate::catalogue::{Product, find};
use crate::pages::{self, LoginForm, Page};
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

/// Two clicks make one order: `update` runs again on fresh data if another request was faster, and finds the cart
/// empty.
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

#[derive(Deserialize)]
pub struct LoginQuery {
    /// Where the visitor goes after the login. One of the shop's pages, never an address: a link must not lead to
    /// another site.
    next: Option<Page>,
}

pub async fn login_form(mut session: Session<Shop>, Query(query): Query<LoginQuery>) -> Result<Markup, StatusCode> {
    ensure_login_token(&mut session)?;
    let form = LoginForm { next: query.next.unwrap_or(Page::Account), ..LoginForm::default() };
    Ok(pages::login(&mut session, &form))
}

#[derive(Deserialize)]
pub struct Login {
    user: String,
    password: String,
    token: String,
    next: Page,
}

/// A refused form comes back with the name that was typed, and says what was wrong.
pub async fn login(mut session: Session<Shop>, Form(form): Form<Login>) -> Result<Response, StatusCode> {
    let token_fits = session.login_token.as_ref().is_some_and(|token| *token.expose() == form.token);
    let error = if !token_fits {
        "This form was out of date. Please send it again. If it is refused again, allow this site to set cookies."
    } else if !USERS.contains(&&*form.user) || form.password != PASSWORD {
        "The name or the password is wrong. Please try again."
    } else {
        session.login(form.user.clone());
        // After `login`, which resets every field that does not survive it.
        session.set_notice(Some(format!("Welcome, {}!", form.user)));
        return Ok(to(form.next).into_response());
    };
    ensure_login_token(&mut session)?;
    let form = LoginForm { user: &form.user, next: form.next, error: Some(error) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, pages::login(&mut session, &form)).into_response())
}

/// Gives the session a token for the login form, if it has none.
pub fn ensure_login_token(session: &mut Session<Shop>) -> Result<(), StatusCode> {
    if session.login_token.is_none() {
        let token = token().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        session.set_login_token(Some(token));
    }
    Ok(())
}

/// Sets no notice: the session would have to remember it. Without one, nothing is stored for a visitor whose theme is
/// the default.
pub async fn logout(mut session: Session<Shop>) -> Redirect {
    session.logout();
    Redirect::to("/goodbye")
}

pub async fn goodbye(mut session: Session<Shop>) -> Markup {
    pages::goodbye(&mut session)
}

/// A visitor who is not logged in is redirected to the login page.
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
