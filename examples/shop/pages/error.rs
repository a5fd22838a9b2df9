use std::time::Duration;

use ::session::Session;
use axum::http::StatusCode;
use maud::{Markup, html};

use super::{Page, page, words};
use crate::visitor::Shop;

/// The page of an error. `away` says how long the store was taken away for, if that is why.
pub fn error(session: Option<&mut Session<Shop>>, status: StatusCode, away: Option<Duration>) -> Markup {
    let (title, advice) = describe(status);
    let body = html! {
        div.narrow {
            h1 { (title) }
            p role="alert" { (advice) }
            @if let Some(away) = away { (taken_away(away)) }
            p {
                @if status == StatusCode::UNAUTHORIZED {
                    a.main href={ (Page::Login.path()) } { "Log in" } " "
                }
                a href="/" { "Back to the shop" }
            }
            p.hint { "Error " (status.as_u16()) }
        }
    };
    page(session, None, title, &body)
}

fn describe(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("Nothing is here", "This page or product does not exist."),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("This address works differently", "It cannot be used in this way. Please start from the shop's pages.")
        },
        StatusCode::UNAUTHORIZED => ("Please log in", "The shop has to know who you are before it can do this."),
        StatusCode::CONFLICT => {
            ("Something else was faster", "Another window changed your session at the same time. Please try again.")
        },
        StatusCode::SERVICE_UNAVAILABLE => (
            "Your session is out of reach",
            "The shop cannot reach the store of its sessions. Nothing is lost: your cart and your login are still \
             there. Please try again in a moment.",
        ),
        status if status.is_client_error() => (
            "The shop did not understand that",
            "Something in the form or in the address is missing or is not what the shop expects. Nothing was changed. \
             Please go back and check it.",
        ),
        _ => {
            ("Something went wrong", "This is a mistake of the shop, not yours. Nothing was changed. Please try again.")
        },
    }
}

fn taken_away(remaining: Duration) -> Markup {
    html! {
        form.card method="post" action="/promises/store" {
            p {
                "A visitor took the store away, on the page about what the shop promises. It comes back by itself in "
                (words::duration(remaining.max(Duration::from_secs(1)))) "."
            }
            button.main name="store" value="give-back" { "Give it back now" }
        }
    }
}
