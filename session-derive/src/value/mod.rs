//! `#[derive(SessionValue)]`, in the same steps as `#[derive(Session)]`: `parse` reads, `check` collects mistakes and
//! makes a model, `expand` sees only the model.
//!
//! Serde's attributes decide what is stored, so they are read too. Each one is understood, or refused with a reason.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::diag::Errors;

mod case;
mod check;
mod expand;
mod model;
mod parse;
mod recursion;
mod serde;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let raw = parse::parse(input, &mut errors);
    let model = check::check(&raw, &mut errors);
    match errors.finish() {
        None => expand::expand(&model),
        Some(messages) => {
            let stub = expand::stub(&model);
            quote!(#messages #stub)
        },
    }
}
