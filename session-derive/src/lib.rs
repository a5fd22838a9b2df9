//! The derive macro of the `session` crate: `#[derive(Session)]`. Use it through that crate, which documents it.
//!
//! Tokens are parsed leniently into what the attributes say ([`parse`]), checked into a [`model`] in which nothing is wrong
//! any more ([`check`]), and only a model can be expanded ([`expand`]). Every mistake of a struct is reported in one compile,
//! and what can still be emitted beside the errors is, so that one mistake does not become forty.

use proc_macro::TokenStream;

mod check;
mod diag;
mod expand;
mod keyword;
mod model;
mod parse;
#[cfg(test)]
mod tests;

/// See `session::Session`.
#[proc_macro_derive(Session, attributes(session))]
pub fn derive_session(input: TokenStream) -> TokenStream {
    derive(input.into()).into()
}

fn derive(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let input = match syn::parse2::<syn::DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = diag::Errors::default();
    let raw = parse::container(&input, &mut errors);
    let model = raw.and_then(|raw| check::check(raw, &mut errors));
    let errors = errors.into_compile_errors();
    let expansion = match model {
        Some(model) => expand::expand(&model),
        None => expand::stub(&input),
    };
    quote::quote!(#errors #expansion)
}
