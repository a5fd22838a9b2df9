//! Types that contain themselves. A constant cannot be defined by itself, so in the types of members a marker replaces
//! the type: `Option<Box<Node>>` becomes `Option<Box<__Recursive>>`.
//!
//! Only the type's own name is found: a derive does not see other types.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{DeriveInput, Type};

/// `ty` with the marker, and whether it was needed. Fails if the type occurs with other arguments, which is another
/// type.
pub(super) fn marked(ty: &Type, of: &DeriveInput) -> syn::Result<(TokenStream, bool)> {
    let (_, arguments, _) = of.generics.split_for_impl();
    let mut marker = Marker { ident: &of.ident, arguments: arguments.to_token_stream().to_string(), found: false };
    let tokens = marker.mark(ty.to_token_stream())?;
    Ok((tokens, marker.found))
}

struct Marker<'a> {
    ident: &'a Ident,
    arguments: String,
    found: bool,
}

impl Marker<'_> {
    fn mark(&mut self, tokens: TokenStream) -> syn::Result<TokenStream> {
        let mut marked = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        let mut in_path = false;
        while let Some(token) = tokens.next() {
            let after_path =
                std::mem::replace(&mut in_path, matches!(&token, TokenTree::Punct(p) if p.as_char() == ':'));
            match token {
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.mark(group.stream())?);
                    inner.set_span(group.span());
                    marked.extend([TokenTree::Group(inner)]);
                },
                TokenTree::Ident(word) if !after_path && (word == *self.ident || word == "Self") => {
                    let is = |token: Option<&TokenTree>, sign| match token {
                        Some(TokenTree::Punct(punct)) => punct.as_char() == sign,
                        _ => false,
                    };
                    if is(tokens.peek(), ':') {
                        // A module of that name, or an associated item of the type.
                        marked.extend([TokenTree::Ident(word)]);
                        continue;
                    }
                    let arguments = if is(tokens.peek(), '<') { angle(&mut tokens) } else { TokenStream::new() };
                    if word != "Self" && arguments.to_string() != self.arguments {
                        return Err(syn::Error::new(
                            word.span(),
                            format!(
                                "`{word}` contains itself with other parameters, so its stored form would be endless; \
                                 write `#[session(opaque)]` on this member"
                            ),
                        ));
                    }
                    self.found = true;
                    marked.extend(quote::quote_spanned!(word.span()=> __Recursive));
                },
                other => marked.extend([other]),
            }
        }
        Ok(marked)
    }
}

/// `<...>`, without a trailing comma.
fn angle(tokens: &mut impl Iterator<Item = TokenTree>) -> TokenStream {
    let mut depth = 0_usize;
    let mut taken = Vec::new();
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth -= 1,
                _ => {},
            }
        }
        taken.push(token);
        if depth == 0 {
            break;
        }
    }
    let comma =
        taken.iter().rev().nth(1).is_some_and(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
    if comma {
        taken.remove(taken.len() - 2);
    }
    let taken = taken.into_iter().collect::<TokenStream>();
    quote!(#taken)
}
