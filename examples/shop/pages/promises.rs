use ::session::Session;
use maud::{Markup, html};

use super::{Page, page, words};
use crate::releases::{self, Release};
use crate::switch::AWAY;
use crate::visitor::Shop;

/// Three experiments. `release` is the earlier release that has just stored this session. Without a store, each session
/// is in its cookie.
pub fn promises(session: &mut Session<Shop>, release: Option<Release>, has_store: bool) -> Markup {
    let body = html! {
        h1 { "What it promises" }
        p { "Every page of this shop uses your session. Here you can try to break it." }
        section.card #race aria-labelledby="race-title" { (race(session, has_store)) }
        section.card #releases aria-labelledby="releases-title" { (earlier(session, release)) }
        section.card #store aria-labelledby="store-title" { (store(session, has_store)) }
        script src="/promises.js" defer {}
    };
    page(Some(session), Some(Page::Promises), "What it promises", &body)
}

fn race(shop: &Shop, has_store: bool) -> Markup {
    html! {
        h2 #race-title { "No change is lost" }
        p {
            "Each press of the button adds one to a counter in your session. Open this page in a second window and "
            "send requests from both at the same time: every addition is kept."
        }
        @if !has_store {
            p.error {
                "This shop keeps its sessions in cookies, where the last response wins. Here, additions can be lost."
            }
        }
        form.row method="post" action="/promises/press" {
            button.main { "Add one" }
            // The page's script shows it: a form sends one request at a time.
            button.main #burst value="20" hidden { "Send 20 requests at once" }
        }
        noscript { p.hint { "Without JavaScript, this page sends one request for each press." } }
        p.figure #result role="status" hidden {
            "Since you opened this page: sent " strong #sent { "0" } ", refused " strong #refused { "0" }
            ", kept " strong #kept { "0" }
        }
        p.figure { "Counter in your session: " strong #presses { (shop.presses) } }
    }
}

fn earlier(shop: &Shop, release: Option<Release>) -> Markup {
    let button = |number: u8| {
        html! {
            form method="post" action={ "/promises/release-" (number) } {
                button.main { "Store it as release " (number) }
            }
        }
    };
    html! {
        h2 #releases-title { "A new release reads old sessions" }
        p {
            "Releases 1 and 2 of this shop stored the cart as a list, and release 1 had a switch for dark colours. "
            "This is release 4. Let the code of an earlier release store a session for you, in place of your cart and "
            "orders. Then today's code reads it. If you are logged in, you stay logged in."
        }
        div.row { (button(1)) (button(2)) }
        @if let Some(release) = release {
            div.scroll tabindex="0" role="region" aria-label="Stored and read values" {
                table.compare #read {
                    thead {
                        tr { th scope="col" { "Field" } th scope="col" { "Stored" } th scope="col" { "Read now" } }
                    }
                    tbody {
                        @for (key, json) in releases::stored(release) {
                            tr {
                                th scope="row" { (key) }
                                td { code { (json) } }
                                td id={ "read-" (key) } { (read(shop, key)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What today's release makes of the value that an earlier one has stored under `key`.
fn read(shop: &Shop, key: &str) -> String {
    match key {
        "cart" => words::cart(shop).join(", "),
        "dark" | "theme" => format!("colours: {}", words::theme(shop.theme)),
        "visits" => format!("catalogue opened {}", words::times(shop.visits)),
        "orders" => words::orders(shop).join(", "),
        "message" => format!("notice: {}", shop.notice.as_deref().unwrap_or("already shown")),
        _ => "not used any more; kept, in case the earlier release comes back".into(),
    }
}

fn store(shop: &Shop, has_store: bool) -> Markup {
    html! {
        h2 #store-title { "When the store is away, nothing is lost" }
        @if has_store {
            p {
                "Take away the store that keeps all sessions of this shop. Every page then answers with an error (503) "
                "instead of pretending that you are new here, and nothing is overwritten. The store comes back after "
                (words::duration(AWAY)) ", or when you give it back. This is a switch for demonstration. It affects "
                "every visitor."
            }
            p.figure {
                "Stored now: " strong { (words::count(shop.items(), "item", "items")) } " in your cart, logged in: "
                strong { (words::user(shop)) }
            }
            form method="post" action="/promises/store" {
                button.main name="store" value="take-away" { "Take the store away" }
            }
        } @else {
            p { "This shop keeps its sessions in cookies. There is no store that could be taken away." }
        }
    }
}
