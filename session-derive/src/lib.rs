//! The derive macro of the `session` crate. Use it through that crate: what it generates names items that only the
//! runtime of the same version has.
//!
//! `parse` reads the input leniently and with spans; `check` makes a model of it and collects every mistake; `lock`
//! compares the model with the stored forms of earlier releases; `expand` sees only the model. So all mistakes in a
//! struct are reported in one compilation, and nothing unchecked is expanded.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::diag::Errors;

mod check;
mod diag;
mod expand;
mod keyword;
mod lock;
mod model;
mod parse;
mod spelling;
#[cfg(test)]
mod tests;
mod value;

/// Makes a struct with named fields the type of a session.
#[proc_macro_derive(Session, attributes(session))]
pub fn derive_session(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse(input) {
        Ok(input) => derive(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// Makes the stored form of a struct or an enum known, member by member.
#[proc_macro_derive(SessionValue, attributes(session))]
pub fn derive_session_value(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse(input) {
        Ok(input) => value::derive(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let raw = parse::parse(input, &mut errors);
    let model = check::check(&raw, &mut errors);
    // A model with mistakes is not compared with the lock.
    let locked = model.as_ref().filter(|_| errors.count() == 0).and_then(|model| lock::check(model, &mut errors));
    let Some(messages) = errors.finish() else {
        return model.map_or_else(TokenStream::new, |model| expand::expand(&model, locked.as_ref()));
    };
    // Without the stub, every use of the type would be an error too.
    let stub = model.map(|model| expand::stub(&model));
    quote!(#messages #stub)
}
