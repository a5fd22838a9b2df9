//! Drawings, so that the shop needs no files.

use maud::{Markup, PreEscaped, html};

use crate::catalogue::{Product, Shape};
use crate::visitor::Theme;

pub const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E\
    %3Cpath fill='%23427a4b' d='M4 20C3 9 9 4 21 3c0 12-5 18-13 16l-3 3z'/%3E%3C/svg%3E";

pub fn of(product: &Product) -> Markup {
    let shape = match product.shape {
        Shape::Tin => TIN,
        Shape::Cup => CUP,
        Shape::Teapot => TEAPOT,
        Shape::Jar => JAR,
    };
    html! {
        svg.picture viewBox="0 0 120 90" aria-hidden="true" style={ "--colour: " (product.colour) } {
            (PreEscaped(shape))
        }
    }
}

pub fn logo() -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" aria-hidden="true" {
            path fill="currentColor" d="M4 20C3 9 9 4 21 3c0 12-5 18-13 16l-3 3z" {}
        }
    }
}

pub fn theme(theme: Theme) -> Markup {
    let shape = match theme {
        Theme::Light => {
            r#"<circle cx="12" cy="12" r="4.5" fill="currentColor"/>
            <path stroke="currentColor" stroke-width="2" stroke-linecap="round"
                d="M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5"/>"#
        },
        Theme::Dark => r#"<path fill="currentColor" d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>"#,
        Theme::System => {
            r#"<circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2"/>
            <path fill="currentColor" d="M12 4a8 8 0 0 1 0 16z"/>"#
        },
    };
    html! { svg.icon viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(shape)) } }
}

const TIN: &str = r#"
    <rect class="body" x="38" y="26" width="44" height="54" rx="4"/>
    <rect class="dark" x="36" y="14" width="48" height="14" rx="4"/>
    <rect class="label" x="38" y="42" width="44" height="24"/>
    <path class="body" d="M52 60c-1-9 4-13 15-14 0 10-5 15-12 13l-2 3z"/>"#;
const CUP: &str = r#"
    <path class="line" d="M80 42c14-3 16 20-4 20"/>
    <path class="body" d="M32 34h50v16a22 22 0 0 1-22 22h-6a22 22 0 0 1-22-22z"/>
    <rect class="dark" x="26" y="74" width="62" height="5" rx="2.5"/>
    <path class="steam" d="M48 26c-4-5 4-8 0-14m16 14c-4-5 4-8 0-14"/>"#;
const TEAPOT: &str = r#"
    <path class="line" d="M36 40c-20-4-20 26 4 24"/>
    <path class="body" d="M82 58c10-2 10-18 22-22l-4-4c-16 2-18 12-22 14z"/>
    <path class="body" d="M34 54c0-34 52-34 52 0 0 12-6 20-12 24H46c-6-4-12-12-12-24z"/>
    <path class="dark" d="M42 35c6-11 30-11 36 0z"/>
    <circle class="dark" cx="60" cy="23" r="5"/>"#;
const JAR: &str = r#"
    <path class="body" d="M40 34h40c4 4 6 8 6 14v24a8 8 0 0 1-8 8H42a8 8 0 0 1-8-8V48c0-6 2-10 6-14z"/>
    <rect class="dark" x="38" y="16" width="44" height="15" rx="4"/>
    <ellipse class="label" cx="60" cy="57" rx="17" ry="13"/>"#;
