//! Code as text, with spaces as a person writes them. The text is the same for every compiler version and every way to
//! write the code.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of a type: `HashMap<String, [u8; 3]>`. The schema lock stores it, so it must not change.
pub(crate) fn spelled(ty: impl ToTokens) -> String {
    let mut text = String::new();
    spell(ty.into_token_stream(), &mut text);
    text
}

fn spell(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                spell(group.stream(), text);
                text.push_str(close);
            },
            TokenTree::Punct(punct) => match punct.as_char() {
                letter @ (',' | ';') => text.extend([letter, ' ']),
                letter @ ('+' | '=') => text.extend([' ', letter, ' ']),
                '-' => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                letter => text.push(letter),
            },
            token => {
                if text.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '>' | ')')) {
                    text.push(' ');
                }
                text.push_str(&token.to_string());
            },
        }
    }
}

/// The text of an expression, for messages and docs: `-1.5`, `Theme::new("dark", 2 * SIZE)`.
pub(crate) fn spelled_expression(expr: impl ToTokens) -> String {
    let mut text = String::new();
    spell_expression(expr.into_token_stream(), &mut text);
    text
}

fn spell_expression(tokens: TokenStream, text: &mut String) {
    let mut before = Before::Nothing;
    for token in tokens {
        before = match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => (" { ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                spell_expression(group.stream(), text);
                text.push_str(close);
                Before::Operand
            },
            TokenTree::Punct(punct) => match punct.as_char() {
                letter @ (',' | ';') => {
                    text.extend([letter, ' ']);
                    Before::Nothing
                },
                // One of two colons belongs to a path, one alone to a member of a struct.
                ':' if punct.spacing() == Spacing::Alone && !text.ends_with(':') => {
                    text.push_str(": ");
                    Before::Nothing
                },
                letter @ ('+' | '-' | '*' | '/' | '%' | '=' | '|' | '^') if before == Before::Operand => {
                    text.extend([' ', letter, ' ']);
                    Before::Nothing
                },
                letter @ ('&' | '-' | '*') => {
                    text.push(letter);
                    Before::Nothing
                },
                letter => {
                    text.push(letter);
                    Before::Path
                },
            },
            token => {
                if before == Before::Operand {
                    text.push(' ');
                }
                text.push_str(&token.to_string());
                Before::Operand
            },
        };
    }
}

/// What comes before a token of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// An operand: a sign after it is a binary operator, a word after it needs a space.
    Operand,
    /// The sign of a path, a call or a macro: what follows is joined to it.
    Path,
    /// A separator, an operator, or the start.
    Nothing,
}
