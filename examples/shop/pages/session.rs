use ::session::store::Record;
use ::session::{Clock as _, Schema as _, Session, SystemClock, Timestamp};
use maud::{Markup, html};

use super::{Page, page, words};
use crate::visitor::Shop;

pub fn session(session: &mut Session<Shop>) -> Markup {
    let body = html! {
        h1 { "Your session" }
        p {
            "This is everything the shop remembers about you. Your cookie is not shown here, because a person who "
            "has it can act as you."
        }
        div.card {
            h2 { "What you did" }
            (table(values(session)))
        }
        div.card {
            h2 { "How it is stored" }
            (table(facts(session)))
        }
        form.next method="post" action="/session/end" { button { "Forget all of it" } }
    };
    page(Some(session), Some(Page::Session), "Session", &body)
}

type Row = (&'static str, Markup);

fn values(shop: &Shop) -> Vec<Row> {
    vec![
        ("Logged in", html! { (words::user(shop)) }),
        ("Catalogue opened", html! { (words::times(shop.visits)) }),
        ("Colours", html! { (words::theme(shop.theme)) }),
        ("Cart", cart(shop)),
        ("Orders", list(words::orders(shop))),
        ("Next page says", html! { (shop.notice.as_deref().unwrap_or("nothing")) }),
        ("Login form's secret", secret(shop.login_token.is_some())),
        ("Counter of “Promises”", html! { (shop.presses) }),
    ]
}

fn cart(shop: &Shop) -> Markup {
    html! {
        (list(words::cart(shop)))
        @if shop.items() > 0 { p { "Together " (shop.total()) } }
    }
}

fn list(entries: Vec<String>) -> Markup {
    html! {
        @if entries.is_empty() { "none" } @else {
            ul { @for entry in entries { li { (entry) } } }
        }
    }
}

fn secret(is_set: bool) -> Markup {
    html! {
        @if is_set { span role="img" aria-label="hidden" { "••••••••" } } @else { "none" }
    }
}

fn facts(session: &Session<Shop>) -> Vec<Row> {
    let release = ("Read by release", html! { (Shop::VERSION) });
    let Some((id, record)) = session.id().zip(Record::of::<Shop>(session)) else {
        return vec![release, ("Id", html! { "none, because nothing is stored yet" })];
    };
    let (now, began) = (SystemClock::default().now(), record.created());
    let deadline = |end: Timestamp| html! { (words::date(end)) ", in " (words::duration(end.duration_since(now))) };
    vec![
        release,
        ("Id", html! { code { (id) } }),
        ("Began", html! { (words::date(began)) ", " (words::duration(now.duration_since(began))) " ago" }),
        ("Ends if you do not use it", deadline(record.idle_deadline())),
        ("Ends in any case", deadline(record.absolute_deadline())),
        ("Changes stored", html! { (record.revision()) }),
        ("Unreadable values", html! { (session.problems().len()) }),
    ]
}

fn table(rows: Vec<Row>) -> Markup {
    html! {
        table.facts {
            @for (name, value) in rows { tr { th scope="row" { (name) } td data-fact=(name) { (value) } } }
        }
    }
}
