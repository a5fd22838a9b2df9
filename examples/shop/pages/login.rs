use ::session::Session;
use maud::{Markup, html};

use super::{Page, page};
use crate::handlers::{PASSWORD, USERS};
use crate::visitor::Shop;

/// The login form as it is shown: empty, or as it was refused.
#[derive(Default)]
pub struct LoginForm<'a> {
    pub user: &'a str,
    pub next: Page,
    pub error: Option<&'static str>,
}

pub fn login(session: &mut Session<Shop>, form: &LoginForm<'_>) -> Markup {
    let token = session.login_token.as_ref().map_or("", |token| token.expose());
    let refused = form.error.is_some();
    let body = html! {
        div.narrow {
            h1 { "Log in" }
            form.card.stack method="post" action="/login" {
                input type="hidden" name="token" value=(token);
                input type="hidden" name="next" value=(form.next.name());
                @if let Some(error) = form.error { p.error #login-error role="alert" { (error) } }
                label {
                    "Name"
                    input name="user" value=(form.user) autocomplete="username" autocapitalize="none" spellcheck="false"
                        required autofocus[!refused]
                        aria-invalid=[refused.then_some("true")] aria-describedby=[refused.then_some("login-error")];
                }
                label {
                    "Password"
                    input type="password" name="password" autocomplete="current-password"
                        required autofocus[refused]
                        aria-invalid=[refused.then_some("true")] aria-describedby=[refused.then_some("login-error")];
                }
                button.main { "Log in" }
            }
            p.hint {
                "This is a demonstration: log in as " (USERS.join(", ")) " with the password “" (PASSWORD) "”."
            }
        }
    };
    page(Some(session), Some(Page::Login), "Log in", &body)
}

pub fn account(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Hello, " (session.user.as_deref().unwrap_or_default()) }
        div.card {
            h2 { "Your orders since you logged in" }
            @if session.orders.is_empty() {
                p.empty { "There are none yet." }
            } @else {
                table #orders {
                    thead {
                        tr { th scope="col" { "Order" } th scope="col" { "Items" } th.number scope="col" { "Total" } }
                    }
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
    page(Some(session), Some(Page::Account), "Account", &body)
}
