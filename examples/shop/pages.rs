//! What the visitor sees.

mod picture;

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use session::store::Record;
use session::{Clock as _, Schema as _, Session, SystemClock};

use crate::catalogue::{CATALOGUE, Product};
use crate::handlers::{PASSWORD, USERS};
use crate::visitor::{MOST, Shop, Theme};

/// The pages that a menu or a form can lead to.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    Catalogue,
    Cart,
    Account,
    Login,
    Session,
}

impl Page {
    pub fn path(self) -> &'static str {
        match self {
            Self::Catalogue => "/",
            Self::Cart => "/cart",
            Self::Account => "/account",
            Self::Login => "/login",
            Self::Session => "/session",
        }
    }

    /// As a form's value.
    fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            _ => &self.path()[1..],
        }
    }
}

pub fn catalogue(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Tea, and what it takes" }
        ul.products {
            @for product in &CATALOGUE { li.card { (card(product)) } }
        }
    };
    page(session, Page::Catalogue, "Tea shop", body)
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
            p.empty { "Nothing in it yet. " a href="/" { "Have a look around." } }
        } @else {
            div.card {
                table.lines {
                    thead { tr { th { "Product" } th { "Quantity" } th.number { "Price" } th {} } }
                    tbody { @for (product, quantity) in session.lines() { (line(product, quantity)) } }
                    tfoot { tr { th colspan="2" { "Total" } td.number #total { (session.total()) } td {} } }
                }
            }
            @if session.user.is_some() {
                form.next method="post" action="/order" { button.main { "Order and pay nothing" } }
            } @else {
                p.next { a.button.main href="/login" { "Log in to order" } " Your cart comes along." }
            }
        }
    };
    page(session, Page::Cart, "Cart", body)
}

fn line(product: &Product, quantity: u32) -> Markup {
    html! {
        tr id={ "line-" (product.sku) } {
            td.what { (picture::of(product)) span { (product.name) } }
            td {
                form.quantity method="post" action="/cart" {
                    input type="hidden" name="sku" value=(product.sku);
                    input type="number" name="quantity" value=(quantity) min="0" max=(MOST) required
                        aria-label={ "Quantity of " (product.name) };
                    button { "Update" }
                }
            }
            td.number { (product.price * quantity) }
            td {
                form method="post" action="/cart" {
                    input type="hidden" name="sku" value=(product.sku);
                    button.quiet name="quantity" value="0" aria-label={ "Remove " (product.name) } { "✕" }
                }
            }
        }
    }
}

pub fn login(session: &mut Session<Shop>) -> Markup {
    let token = session.login_token.as_ref().map_or("", |token| token.expose());
    let body = html! {
        div.narrow {
            h1 { "Log in" }
            form.card.stack method="post" action="/login" {
                input type="hidden" name="token" value=(token);
                label { "Name" input name="user" autocomplete="username" required autofocus; }
                label { "Password" input type="password" name="password" autocomplete="current-password" required; }
                button.main { "Log in" }
            }
            p.hint { "This is a demo: you are " (USERS.join(", ")) ", and the password is “" (PASSWORD) "”." }
        }
    };
    page(session, Page::Login, "Log in", body)
}

pub fn account(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Hello, " (session.user.as_deref().unwrap_or_default()) }
        div.card {
            h2 { "Orders since you logged in" }
            @if session.orders.is_empty() {
                p.empty { "None yet." }
            } @else {
                table.lines #orders {
                    thead { tr { th { "Order" } th { "Items" } th.number { "Total" } } }
                    tbody {
                        @for order in session.orders.iter().rev() {
                            tr { td { (order.number) } td { (order.items) } td.number { (order.total) } }
                        }
                    }
                }
            }
        }
        form.next method="post" action="/logout" { button.main { "Log out" } }
    };
    page(session, Page::Account, "Account", body)
}

pub fn session(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Your session" }
        p { "What the shop remembers of you. Your cookie is not shown here: whoever holds it, is you." }
        div.card {
            h2 { "Session" }
            (facts_table(facts(session)))
        }
        div.card {
            h2 { "Fields" }
            (facts_table(fields(session)))
        }
        form.next method="post" action="/session/end" { button { "Forget all of it" } }
    };
    page(session, Page::Session, "Session", body)
}

fn facts(session: &Session<Shop>) -> Vec<(&'static str, String)> {
    let version = ("schema version", Shop::VERSION.to_string());
    let Some((id, record)) = session.id().zip(Record::of::<Shop>(session)) else {
        return vec![version, ("id", "none: nothing is saved yet".into())];
    };
    let now = SystemClock::default().now();
    vec![
        version,
        ("id", id.to_string()),
        ("created", format!("{} ago", duration(now.duration_since(record.created())))),
        ("ends if unused", format!("in {}", duration(record.idle_deadline().duration_since(now)))),
        ("ends in any case", format!("in {}", duration(record.absolute_deadline().duration_since(now)))),
        ("changes", record.revision().to_string()),
        ("unreadable fields", session.problems().len().to_string()),
    ]
}

fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

fn fields(session: &Shop) -> Vec<(&'static str, String)> {
    vec![
        ("user", format!("{:?}", session.user)),
        ("visits", format!("{:?}", session.visits)),
        ("theme", format!("{:?}", session.theme)),
        ("cart", format!("{:?}", session.cart)),
        ("orders", format!("{:?}", session.orders)),
        ("notice", format!("{:?}", session.notice)),
        ("login_token", format!("{:?}", session.login_token)),
    ]
}

fn facts_table(facts: Vec<(&'static str, String)>) -> Markup {
    html! {
        table.facts {
            @for (name, value) in facts { tr { th { (name) } td data-fact=(name) { code { (value) } } } }
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
    page(session, Page::Catalogue, "Goodbye", body)
}

pub fn not_found(session: &mut Session<Shop>) -> Markup {
    let body = html! { h1 { "There is no such page" } p { a href="/" { "Back to the shop" } } };
    page(session, Page::Catalogue, "Not found", body)
}

/// What is around every page. Takes the notice, so that the next page does not show it again.
fn page(session: &mut Session<Shop>, page: Page, title: &str, body: Markup) -> Markup {
    let notice = session.take_notice();
    let (theme, other, label) = match session.theme {
        Theme::Light => ("light", "dark", "Dark theme"),
        Theme::Dark => ("dark", "light", "Light theme"),
    };
    let link = |to: Page, text: Markup| {
        html! { a href=(to.path()) aria-current=[(to == page).then_some("page")] { (text) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Leaf & Kettle" }
                link rel="icon" href=(picture::ICON);
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    a.brand href="/" { (picture::logo()) "Leaf & Kettle" }
                    nav {
                        (link(Page::Catalogue, html! { "Shop" }))
                        (link(Page::Cart, html! { "Cart" @if session.items() > 0 { span.badge { (session.items()) } } }))
                        @match session.user.as_deref() {
                            Some(user) => (link(Page::Account, html! { (user) })),
                            None => (link(Page::Login, html! { "Log in" })),
                        }
                        (link(Page::Session, html! { "Session" }))
                    }
                    form.theme method="post" action="/theme" {
                        input type="hidden" name="back" value=(page.name());
                        button.quiet name="theme" value=(other) title=(label) aria-label=(label) { (picture::theme(session.theme)) }
                    }
                }
                main {
                    @if let Some(notice) = notice { p.notice role="status" { (notice) } }
                    (body)
                }
                footer {
                    @if session.visits > 0 { "Catalogue opened: " span #visits { (session.visits) } }
                }
            }
        }
    }
}
