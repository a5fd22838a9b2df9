//! What the visitor sees.

mod error;
mod login;
mod picture;
mod promises;
mod session;
mod words;

use ::session::Session;
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

pub use self::error::error;
pub use self::login::{LoginForm, account, login};
pub use self::promises::promises;
pub use self::session::session;
use crate::catalogue::{CATALOGUE, Product};
use crate::visitor::{MOST, Shop, Theme};

/// The pages that a menu or a form can lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    #[default]
    Catalogue,
    Cart,
    Account,
    Login,
    Session,
    Promises,
}

impl Page {
    pub fn path(self) -> &'static str {
        match self {
            Self::Catalogue => "/",
            Self::Cart => "/cart",
            Self::Account => "/account",
            Self::Login => "/login",
            Self::Session => "/session",
            Self::Promises => "/promises",
        }
    }

    /// As the value of a form's field.
    fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            _ => self.path().trim_start_matches('/'),
        }
    }
}

pub fn catalogue(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Tea, and everything for it" }
        ul.products {
            @for product in &CATALOGUE { li.card { (card(product)) } }
        }
    };
    page(Some(session), Some(Page::Catalogue), "Tea shop", &body)
}

fn card(product: &Product) -> Markup {
    html! {
        (picture::of(product))
        h2 { (product.name) }
        p.about { (product.about) }
        form.buy method="post" action="/cart/add" {
            span.price { (product.price) }
            button name="sku" value=(product.sku) aria-label={ "Add " (product.name) " to the cart" } { "Add" }
        }
    }
}

pub fn cart(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Your cart" }
        @if session.items() == 0 {
            p.empty { "Your cart is empty. " a href="/" { "Have a look around the shop." } }
        } @else {
            div.card {
                table.cart {
                    thead {
                        tr {
                            th scope="col" { "Product" }
                            th scope="col" { "Quantity" }
                            th.number scope="col" { "Price" }
                            td {}
                        }
                    }
                    tbody { @for (product, quantity) in session.lines() { (line(product, quantity)) } }
                    tfoot { tr { th colspan="2" scope="row" { "Total" } td.number #total { (session.total()) } td {} } }
                }
            }
            @if session.user.is_some() {
                form.next method="post" action="/order" { button.main { "Order, and pay nothing" } }
            } @else {
                p.next {
                    a.main href={ (Page::Login.path()) "?next=" (Page::Cart.name()) } { "Log in to order" }
                    " You come back here, and the cart stays as it is."
                }
            }
        }
    };
    page(Some(session), Some(Page::Cart), "Cart", &body)
}

fn line(product: &Product, quantity: u32) -> Markup {
    html! {
        tr id={ "line-" (product.sku) } {
            td.what { (picture::of(product)) span { (product.name) } }
            td.amount {
                form.quantity method="post" action="/cart" {
                    input type="hidden" name="sku" value=(product.sku);
                    input type="number" name="quantity" value=(quantity) min="0" max=(MOST) required
                        aria-label={ "Quantity of " (product.name) };
                    button aria-label={ "Update the quantity of " (product.name) } { "Update" }
                }
            }
            td.number { (product.price * quantity) }
            td.remove {
                form method="post" action="/cart" {
                    input type="hidden" name="sku" value=(product.sku);
                    button.quiet name="quantity" value="0" aria-label={ "Remove " (product.name) } { "✕" }
                }
            }
        }
    }
}

pub fn goodbye(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        div.narrow {
            h1 { "See you soon" }
            p { "You are logged out, and your cart is empty." }
            p { a href="/" { "Back to the shop" } }
        }
    };
    page(Some(session), None, "Goodbye", &body)
}

/// The frame around every page. It takes the notice, so that the next page does not show it again. Without a session,
/// because it could not be loaded, it shows only what is the same for every visitor.
fn page(mut session: Option<&mut Session<Shop>>, current: Option<Page>, title: &str, body: &Markup) -> Markup {
    let notice = session.as_mut().and_then(|session| session.take_notice());
    let session = session.as_deref();
    let theme = session.map_or(Theme::System, |session| session.theme);
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Leaf & Kettle" }
                link rel="icon" href=(picture::ICON);
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    a.brand href="/" { (picture::logo()) "Leaf & Kettle" }
                    (menu(session, current))
                    @if let Some(session) = session { (theme_choice(session.theme, current.unwrap_or_default())) }
                }
                main #content tabindex="-1" {
                    @if let Some(notice) = notice { p.notice role="status" { (notice) } }
                    (body)
                }
                footer {
                    p {
                        @match session.map(|session| session.visits) {
                            Some(visits @ 1..) => { "Catalogue opened: " span #visits { (visits) } },
                            _ => { "A demonstration: nothing here is for sale." },
                        }
                    }
                }
            }
        }
    }
}

fn menu(session: Option<&Session<Shop>>, current: Option<Page>) -> Markup {
    let link = |to: Page, text: Markup| {
        html! { a href=(to.path()) aria-current=[(Some(to) == current).then_some("page")] { (text) } }
    };
    let items = session.map_or(0, |session| session.items());
    html! {
        nav aria-label="Shop" {
            (link(Page::Catalogue, html! { "Shop" }))
            (link(Page::Cart, html! { "Cart" @if items > 0 { " " span.badge { (items) } } }))
            @match session.map(|session| session.user.as_deref()) {
                Some(Some(user)) => (link(Page::Account, html! { (user) })),
                Some(None) => (link(Page::Login, html! { "Log in" })),
                None => {},
            }
            (link(Page::Session, html! { "Session" }))
            (link(Page::Promises, html! { "Promises" }))
        }
    }
}

fn theme_choice(now: Theme, back: Page) -> Markup {
    html! {
        form.theme method="post" action="/theme" role="group" aria-label="Colours" {
            input type="hidden" name="back" value=(back.name());
            @for (theme, label) in [(Theme::System, "As the system"), (Theme::Light, "Light"), (Theme::Dark, "Dark")] {
                button.quiet name="theme" value=(theme.name()) title=(label) aria-label=(label)
                    aria-pressed=(if theme == now { "true" } else { "false" }) { (picture::theme(theme)) }
            }
        }
    }
}
