//! Tokens to what the attributes say. Lenient: an item that makes no sense is noted and the next one is read.

mod container;
mod field;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Lit, Meta, Token};

pub(crate) use self::container::{Container, container};
pub(crate) use self::field::{Merge, RawField, Survive};
use crate::diag::Errors;

/// One item of `#[session(…)]`.
pub(crate) struct Item {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    /// `flash`
    Flag,
    /// `default = expr`
    Is { equals: Token![=], tokens: TokenStream },
    /// `merge(…)`
    List(TokenStream),
}

/// A value with the place of its key.
#[derive(Clone)]
pub(crate) struct At<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// At most one value.
pub(crate) struct Slot<T>(pub(crate) Option<At<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(crate) fn put(&mut self, key: &Ident, value: T, errors: &mut Errors) {
        match self.0 {
            Some(_) => errors.at(key, format!("duplicate `{key}`; write it once")),
            None => self.0 = Some(At { key: key.clone(), value }),
        }
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|at| &at.value)
    }

    pub(crate) fn key(&self) -> Option<&Ident> {
        self.0.as_ref().map(|at| &at.key)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

/// Every item of every `#[session(…)]` among `attributes`.
pub(crate) fn items(attributes: &[Attribute], errors: &mut Errors) -> Vec<Item> {
    let mut out = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("session")) {
        match &attribute.meta {
            Meta::List(list) => {
                let parser = |input: ParseStream<'_>| {
                    read(input, &mut out, errors);
                    Ok(())
                };
                if let Err(error) = parser.parse2(list.tokens.clone()) {
                    errors.span(error.span(), error);
                }
            },
            other => errors.at(other, "write the settings in parentheses: `#[session(...)]`"),
        }
    }
    out
}

fn read(input: ParseStream<'_>, out: &mut Vec<Item>, errors: &mut Errors) {
    while !input.is_empty() {
        let Ok(key) = input.call(Ident::parse_any) else {
            let junk = until_comma(input);
            errors.at(junk, "expected the name of a setting, like `version = 2`");
            continue;
        };
        let value = if input.peek(Token![=]) {
            match input.parse::<Token![=]>() {
                Ok(equals) => Value::Is { equals, tokens: expression(input) },
                Err(_) => Value::Flag,
            }
        } else if input.peek(syn::token::Paren) {
            match input.parse::<TokenTree>() {
                Ok(TokenTree::Group(group)) => Value::List(group.stream()),
                _ => Value::Flag,
            }
        } else {
            Value::Flag
        };
        out.push(Item { key, value });
        if !input.is_empty() && !input.peek(Token![,]) {
            let junk = until_comma(input);
            errors.at(junk, "expected a comma before the next setting");
        } else {
            let _ = input.parse::<Token![,]>();
        }
    }
}

/// The tokens of one expression, or, where there is none that can be parsed, all up to the next comma.
fn expression(input: ParseStream<'_>) -> TokenStream {
    let fork = input.fork();
    if let Ok(expr) = fork.parse::<Expr>()
        && (fork.is_empty() || fork.peek(Token![,]))
    {
        let _ = input.parse::<Expr>();
        return expr.into_token_stream();
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        let Ok(tree) = input.parse::<TokenTree>() else {
            break;
        };
        tokens.extend([tree]);
    }
    tokens
}

fn until_comma(input: ParseStream<'_>) -> TokenStream {
    let tokens = expression(input);
    let _ = input.parse::<Token![,]>();
    tokens
}

impl Item {
    /// For settings that take no value.
    pub(crate) fn flag(&self, errors: &mut Errors) -> bool {
        match &self.value {
            Value::Flag => true,
            Value::Is { equals, .. } => {
                errors.at(equals, format!("`{}` is a flag and takes no value", self.key));
                false
            },
            Value::List(tokens) => {
                errors.at(tokens, format!("`{}` is a flag and takes no value", self.key));
                false
            },
        }
    }

    /// The tokens after `=`; `example` completes the message where there are none.
    pub(crate) fn tokens(&self, example: &str, errors: &mut Errors) -> Option<TokenStream> {
        match &self.value {
            Value::Is { tokens, .. } if !tokens.is_empty() => Some(tokens.clone()),
            _ => {
                errors.at(&self.key, format!("`{}` needs a value, like `{example}`", self.key));
                None
            },
        }
    }

    /// A string literal after `=`.
    pub(crate) fn string(&self, example: &str, errors: &mut Errors) -> Option<syn::LitStr> {
        let tokens = self.tokens(example, errors)?;
        match syn::parse2::<Lit>(tokens.clone()) {
            Ok(Lit::Str(text)) => Some(text),
            _ => {
                errors.at(tokens, format!("`{}` expects a string, like `{example}`", self.key));
                None
            },
        }
    }

    /// An identifier after `=`.
    pub(crate) fn ident(&self, example: &str, errors: &mut Errors) -> Option<Ident> {
        let tokens = self.tokens(example, errors)?;
        syn::parse2::<Ident>(tokens.clone())
            .map_err(|_| errors.at(tokens, format!("`{}` expects a name, like `{example}`", self.key)))
            .ok()
    }
}

/// Where a group of tokens stands, for errors about something inside it.
pub(crate) fn span_of(tokens: &TokenStream) -> Span {
    tokens.span()
}
